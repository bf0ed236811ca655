import { sql } from 'kysely'
import type { EventRow } from '../../database/tables.ts'
import { demandAdministrator } from '../accounts/actor.ts'
import type { Core } from '../core.ts'
import type { Principal } from '../principal.ts'

export interface AuditQuery {
  /** Begins like this: `delivery.` or `credential.revoked`. */
  action?: string
  /** Who did it. */
  actorId?: string
  deliveryNumber?: number
  /** In ms since the epoch: not before, and before. */
  from?: number
  until?: number
  /** Only those with a smaller number: the next page. */
  before: number | null
  /** At most 1,000. */
  limit: number
}

/**
 * What happened in the caller's organization, newest first.
 * @throws DeliveryError `forbidden`
 */
export async function readAuditTrail(
  core: Core,
  principal: Principal,
  query: AuditQuery,
): Promise<EventRow[]> {
  const { organizationId } = principal
  demandAdministrator(principal, organizationId)
  let rows = core.database.kysely
    .selectFrom('events')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (query.before !== null) rows = rows.where('number', '<', query.before)
  if (query.action !== undefined) {
    const pattern = `${query.action.replaceAll(/[\\%_]/g, '\\$&')}%`
    rows = rows.where(sql<boolean>`action like ${pattern} escape '\\'`)
  }
  if (query.actorId !== undefined) rows = rows.where('actor_id', '=', query.actorId)
  if (query.deliveryNumber !== undefined) {
    rows = rows.where('delivery_number', '=', query.deliveryNumber)
  }
  if (query.from !== undefined) rows = rows.where('at', '>=', query.from)
  if (query.until !== undefined) rows = rows.where('at', '<', query.until)
  return await rows.execute()
}
