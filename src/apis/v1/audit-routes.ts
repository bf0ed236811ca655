import type { Static } from 'typebox'
import { Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import { type AuditQuery, readAuditTrail } from '../../core/events/audit-trail.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Event } from './delivery-schemas.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import { answers, query, type V1App, type V1Context } from './routing.ts'
import { pageOf, time } from './schema-words.ts'
import { toEvent } from './wire.ts'

const filters = {
  action: Type.Optional(
    Type.String({
      pattern: '^[a-z.-]{1,100}$',
      description: 'Its beginning.',
      examples: ['delivery.'],
    }),
  ),
  actor: Type.Optional(Type.String({ maxLength: 100, description: 'The id of the account.' })),
  delivery: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  from: Type.Optional(Type.String(time)),
  until: Type.Optional(Type.String(time)),
}

/** What happened in the organization, for its administrators. */
export function auditRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/audit-events',
    {
      schema: {
        tags: ['Administration'],
        operationId: 'listAuditEvents',
        summary: 'The audit trail of your organization, newest first',
        querystring: query({ ...pageMembers, ...filters }),
        response: answers({ 200: pageOf(Event) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const wanted = { ...fromQuery(request.query), before, limit }
      const rows = await readAuditTrail(core, principalOf(request), wanted)
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.number,
        toItem: toEvent,
      })
    },
  )

  app.get(
    '/audit-events.csv',
    {
      schema: {
        tags: ['Administration'],
        operationId: 'exportAuditEvents',
        summary: 'The newest 10,000 of the same, as CSV',
        querystring: query(filters),
        response: answers({
          200: {
            description: 'RFC 4180.',
            content: { 'text/csv': { schema: { type: 'string' } } },
          },
        }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const lines = ['number,at,action,actor,delivery,data']
      let before: number | null = null
      while (lines.length <= 10_000) {
        const wanted: AuditQuery = { ...fromQuery(request.query), before, limit: 1000 }
        const rows = await readAuditTrail(core, principal, wanted)
        lines.push(...rows.map((row) => toLine(toEvent(row))))
        if (rows.length < 1000) break
        before = rows.at(-1)?.number ?? null
      }
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="audit.csv"')
        .send(`${lines.join('\r\n')}\r\n`)
    },
  )
}

interface Filters {
  action?: string
  actor?: string
  delivery?: number
  from?: string
  until?: string
}

function fromQuery({ action, actor, delivery, from, until }: Filters) {
  return {
    ...(action === undefined ? {} : { action }),
    ...(actor === undefined ? {} : { actorId: actor }),
    ...(delivery === undefined ? {} : { deliveryNumber: delivery }),
    ...(from === undefined ? {} : { from: toMilliseconds(from) }),
    ...(until === undefined ? {} : { until: toMilliseconds(until) }),
  }
}

function toMilliseconds(text: string): number {
  const value = Date.parse(text)
  if (!Number.isNaN(value)) return value
  throw new DeliveryError('invalid', `"${text}" is not a time like 2026-12-31T00:00:00Z.`)
}

function toLine({ number, at, action, actorId, deliveryNumber, data }: Static<typeof Event>) {
  const cells = [number, at, action, actorId ?? '', deliveryNumber ?? '', JSON.stringify(data)]
  return cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',')
}
