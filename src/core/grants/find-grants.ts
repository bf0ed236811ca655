import type { Connection } from '../../database/database.ts'
import type { GrantRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { demand } from '../may.ts'
import { hasPermission, type Principal } from '../principal.ts'

/** A grant by its id; null when there is none, or it was forgotten. */
export async function findGrant(db: Connection, id: string): Promise<GrantRow | null> {
  const row = await db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst()
  return row ?? null
}

export interface GrantsQuery {
  /** Only those with a smaller id: the next page, because the newest come first. */
  before?: string
  all?: boolean
  /** At most 1,000. */
  limit: number
}

/** The signed URLs that the caller was given and that have not expired, newest first. */
export async function listGrants(
  core: Core,
  principal: Principal,
  query: GrantsQuery,
): Promise<GrantRow[]> {
  if (query.all && !hasPermission(principal, 'admin')) {
    throw new DeliveryError('forbidden', 'Only administrators see the links of all accounts.')
  }
  let rows = core.database.kysely
    .selectFrom('grants')
    .selectAll()
    .where('organization_id', '=', principal.organizationId)
    .where('expires_at', '>', core.database.now())
    .orderBy('id', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (!query.all) rows = rows.where('account_id', '=', principal.accountId)
  if (query.before !== undefined) rows = rows.where('id', '<', query.before)
  return rows.execute()
}

/**
 * One grant, for whom it was made for and for administrators.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function readGrant(core: Core, principal: Principal, id: string): Promise<GrantRow> {
  const grant = await findGrant(core.database.kysely, id)
  if (grant === null) throw new DeliveryError('not_found', 'There is no such link.')
  demandOwnGrant(principal, grant)
  return grant
}

/** @throws DeliveryError `not_yours` */
export function demandOwnGrant(principal: Principal, grant: GrantRow): void {
  demand(
    principal,
    'manage',
    { organizationId: grant.organization_id, ownerId: grant.account_id, permission: null },
    'This link was made for somebody else.',
  )
}
