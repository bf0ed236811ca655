import { Type } from 'typebox'
import { findDeliveriesByNumber } from '../../core/deliveries.ts'
import { hasPermission } from '../../core/principal.ts'
import { readJob, readJobs } from '../../core/read-deliveries.ts'
import type { JobRow } from '../../database/tables.ts'
import { principalOf } from '../../http/authenticate.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import { answers, ByNumber, query, type V1App, type V1Context } from './routing.ts'
import { pageOf, ref } from './schema-words.ts'
import { toJob } from './wire.ts'
import { Job, JobState } from './work-schemas.ts'

const tags = ['Jobs']

/** The work behind deliveries. A dead job is tried again by retrying its delivery. */
export function jobRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/jobs',
    {
      schema: {
        tags,
        operationId: 'listJobs',
        summary: 'The jobs that work for you, newest first',
        querystring: query({
          ...pageMembers,
          state: Type.Optional(JobState),
          all: Type.Optional(
            Type.Boolean({ description: 'Of the whole organization; for administrators.' }),
          ),
        }),
        response: answers({ 200: pageOf(Job) }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const { state, all } = request.query
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const rows = await readJobs(core, principal, {
        ...(state === undefined ? {} : { state }),
        ...(before === null ? {} : { before }),
        all: all ?? false,
        limit,
      })
      const ids = await deliveryIds(rows)
      const forAdministrator = hasPermission(principal, 'admin')
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.number,
        toItem: (row) =>
          toJob(row, { deliveryId: ids.get(row.delivery_number ?? 0) ?? null, forAdministrator }),
      })
    },
  )

  app.get(
    '/jobs/:number',
    {
      schema: {
        tags,
        operationId: 'getJob',
        summary: 'One job',
        params: ByNumber,
        response: answers({ 200: ref(Job) }, 404),
      },
    },
    async (request) => {
      const principal = principalOf(request)
      const row = await readJob(core, principal, request.params.number)
      const ids = await deliveryIds([row])
      return toJob(row, {
        deliveryId: ids.get(row.delivery_number ?? 0) ?? null,
        forAdministrator: hasPermission(principal, 'admin'),
      })
    },
  )

  async function deliveryIds(rows: readonly JobRow[]): Promise<Map<number, string>> {
    const numbers = rows.flatMap((row) => row.delivery_number ?? [])
    const deliveries = await findDeliveriesByNumber(core.database.kysely, numbers)
    return new Map(deliveries.map((delivery) => [delivery.number, delivery.id]))
  }
}
