import { Type } from 'typebox'
import { readUsage } from '../../core/usage.ts'
import { principalOf } from '../../http/authenticate.ts'
import { answers, query, type V1App, type V1Context } from './routing.ts'
import { closed, nullable } from './schema-words.ts'

const day = { examples: ['2026-11-22'], description: 'A day in UTC.' }

const Usage = Type.Object(
  {
    from: Type.String(day),
    until: Type.String(day),
    items: Type.Array(
      Type.Object(
        {
          day: Type.String(day),
          sentBytes: Type.Integer({ description: 'Of files, as they went out.' }),
          pickups: Type.Integer({ description: 'Files whose last byte went out.' }),
          storedBytes: nullable('integer', {
            description:
              'What could be picked up, as counted last on that day; null when it was not.',
          }),
          storedFiles: nullable('integer'),
        },
        closed,
      ),
      { description: 'Oldest first; a day on which nothing happened is left out.' },
    ),
  },
  closed,
)

/** Storage and traffic of the organization over time, for its administrators. */
export function usageRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/usage',
    {
      schema: {
        tags: ['Administration'],
        operationId: 'readUsage',
        summary: 'Storage and traffic of your organization, by day',
        querystring: query({
          days: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 366, default: 30, description: 'Today included.' }),
          ),
        }),
        response: answers({ 200: Usage }),
      },
    },
    async (request) => {
      const { from, until, rows } = await readUsage(
        core,
        principalOf(request),
        request.query.days ?? 30,
      )
      const items = rows.map((row) => ({
        day: row.day,
        sentBytes: row.sent_bytes,
        pickups: row.pickups,
        storedBytes: row.stored_bytes,
        storedFiles: row.stored_files,
      }))
      return { from, until, items }
    },
  )
}
