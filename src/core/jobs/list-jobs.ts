import type { Connection } from '../../database/database.ts'
import type { JobRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'

export interface JobsQuery {
  organizationId: string
  /** Only the jobs of this account; null for all of the organization. */
  accountId: string | null
  state?: JobRow['state']
  /** Only those with a smaller number. */
  before?: number
  /** At most 1,000. */
  limit: number
}

/** Jobs, newest first. */
export async function listJobs(db: Connection, query: JobsQuery): Promise<JobRow[]> {
  let rows = db
    .selectFrom('jobs')
    .selectAll()
    .where('organization_id', '=', query.organizationId)
    .orderBy('number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (query.accountId !== null) rows = rows.where('account_id', '=', query.accountId)
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  if (query.before !== undefined) rows = rows.where('number', '<', query.before)
  return rows.execute()
}

/** How many jobs stand in each state, by queue; for metrics. */
export async function countJobs(
  core: Core,
): Promise<{ queue: string; state: string; count: number }[]> {
  const rows = await core.database.kysely
    .selectFrom('jobs')
    .select((eb) => ['queue', 'state', eb.fn.countAll<number>().as('count')] as const)
    .where('claimable_at', 'is not', null)
    .groupBy(['queue', 'state'])
    .execute()
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}
