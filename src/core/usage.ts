import type { Selectable } from 'kysely'
import type { UsageDaysTable } from '../database/usage-tables.ts'
import { demandAdministrator } from './accounts/actor.ts'
import type { Core } from './core.ts'
import type { Principal } from './principal.ts'
import { type Change, transact } from './transact.ts'

const DAY_MS = 24 * 3600 * 1000
/** What is kept is counted anew so often: it reads the rows of all files. */
const COUNT_EVERY_MS = 3600 * 1000

export type UsageDay = Selectable<UsageDaysTable>

/** What went out of one organization. */
export interface Traffic {
  readonly organizationId: string
  readonly sentBytes: number
  readonly pickups: number
}

/** Adds what went out to the day. To be done last in a change, so that two nodes lock the days in one order. */
export async function addTraffic(change: Change, traffic: readonly Traffic[]): Promise<void> {
  const byOrganization = Map.groupBy(traffic, ({ organizationId }) => organizationId)
  if (byOrganization.size === 0) return
  const sums = [...byOrganization].map(([organizationId, parts]) => ({
    organization_id: organizationId,
    day: dayOf(change.now),
    sent_bytes: parts.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    pickups: parts.reduce((sum, { pickups }) => sum + pickups, 0),
  }))
  sums.sort((a, b) => (a.organization_id < b.organization_id ? -1 : 1))
  await change.db
    .insertInto('usage_days')
    .values(sums)
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'day']).doUpdateSet((row) => ({
        sent_bytes: row('usage_days.sent_bytes', '+', row.ref('excluded.sent_bytes')),
        pickups: row('usage_days.pickups', '+', row.ref('excluded.pickups')),
      })),
    )
    .execute()
}

/** Notes what can be picked up from each organization; once an hour at most, on whichever node comes first. */
export async function countStored(core: Core): Promise<void> {
  const now = core.database.now()
  const { counted } = await core.database.kysely
    .selectFrom('usage_days')
    .select((row) => row.fn.max('counted_at').as('counted'))
    .where('day', '=', dayOf(now))
    .executeTakeFirstOrThrow()
  if (counted !== null && now - counted < COUNT_EVERY_MS) return
  const stored = await core.database.kysely
    .selectFrom('deliveries')
    .innerJoin('delivery_files', 'delivery_files.delivery_number', 'deliveries.number')
    .select('deliveries.organization_id')
    .select((row) => row.fn.sum<number>('delivery_files.size').as('bytes'))
    .select((row) => row.fn.countAll<number>().as('files'))
    .where('delivery_files.state', '=', 'available')
    .groupBy('deliveries.organization_id')
    .orderBy('deliveries.organization_id')
    .execute()
  if (stored.length > 0) await transact(core, (change) => noteStored(change, stored))
}

interface Stored {
  organization_id: string
  bytes: number | string
  files: number | string
}

async function noteStored(change: Change, stored: readonly Stored[]): Promise<void> {
  await change.db
    .insertInto('usage_days')
    .values(
      stored.map(({ organization_id, bytes, files }) => ({
        organization_id,
        day: dayOf(change.now),
        sent_bytes: 0,
        pickups: 0,
        stored_bytes: Number(bytes),
        stored_files: Number(files),
        counted_at: change.now,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'day']).doUpdateSet((row) => ({
        stored_bytes: row.ref('excluded.stored_bytes'),
        stored_files: row.ref('excluded.stored_files'),
        counted_at: row.ref('excluded.counted_at'),
      })),
    )
    .execute()
}

/**
 * The last days of the caller's organization, oldest first, today included; a day on which nothing
 * happened has no row.
 * @param days 1 to 366
 * @throws DeliveryError `forbidden`
 */
export async function readUsage(
  core: Core,
  principal: Principal,
  days: number,
): Promise<{ from: string; until: string; rows: UsageDay[] }> {
  const { organizationId } = principal
  demandAdministrator(principal, organizationId)
  const now = core.database.now()
  const from = dayOf(now - (days - 1) * DAY_MS)
  const rows = await core.database.kysely
    .selectFrom('usage_days')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('day', '>=', from)
    .orderBy('day')
    .execute()
  return { from, until: dayOf(now), rows }
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
