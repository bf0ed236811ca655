import { hotInsert } from '../../database/hot-query.ts'
import type { EventRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { hasPermission, type Principal } from '../principal.ts'
import type { Change } from '../transact.ts'

/** Something that happened: a line of the audit trail, and of the feed that the owner reads. */
export interface NewEvent {
  organizationId: string
  /** Whose thing it concerns; null when only administrators may know. */
  ownerId: string | null
  /** Who did it; null for the system itself. */
  actorId: string | null
  /** A noun and a past participle: `delivery.created`, `link.revoked`. */
  action: string
  deliveryNumber?: number
  data?: Record<string, unknown>
}

/** Writes events in the transaction of what they tell, so that neither is there without the other. */
export async function recordEvents(change: Change, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => ({
    at: change.now,
    organization_id: event.organizationId,
    owner_id: event.ownerId,
    actor_id: event.actorId,
    action: event.action,
    delivery_number: event.deliveryNumber ?? null,
    data: JSON.stringify(event.data ?? {}),
  }))
  const [only, second] = rows
  if (only !== undefined && second === undefined) await insertRow(change.db, only)
  else await change.db.insertInto('events').values(rows).execute()
  change.signal('events')
}

const insertRow = hotInsert('events')

export interface EventsQuery {
  /** Only events with a greater number. */
  after: number
  /** At most 1,000. */
  limit: number
}

/**
 * The next events that the caller may see, oldest first: their own, or all of the organization for its
 * administrators. An event is seen as soon as no smaller number can come after it, a moment after
 * its commit: so a reader that goes on behind the last one misses none.
 */
export async function listEvents(
  core: Core,
  principal: Principal,
  query: EventsQuery,
): Promise<EventRow[]> {
  const { kysely, settledEvents } = core.database
  const visible = kysely
    .selectFrom('events')
    .selectAll()
    .where('organization_id', '=', principal.organizationId)
    .where('number', '>', query.after)
    .where('number', '<=', await settledEvents())
    .orderBy('number')
    .limit(Math.min(query.limit, 1000))
  return hasPermission(principal, 'admin')
    ? visible.execute()
    : visible.where('owner_id', '=', principal.accountId).execute()
}

/** The number of the newest event; 0 when there is none. A feed without Last-Event-ID begins behind it. */
export async function newestEvent(core: Core): Promise<number> {
  const { kysely, settledEvents } = core.database
  const row = await kysely
    .selectFrom('events')
    .select('number')
    .where('number', '<=', await settledEvents())
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.number ?? 0
}
