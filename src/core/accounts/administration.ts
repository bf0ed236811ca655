import type { AccountRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { findAccount } from './accounts.ts'
import { demandAdministrator } from './actor.ts'

/**
 * An account of the caller's organization, for its administrators. Everybody else is refused before
 * it is looked up, so that they do not learn which ids there are.
 * @throws DeliveryError `forbidden`, `not_found`, `not_yours`
 */
export async function readAccountAsAdministrator(
  core: Core,
  principal: Principal,
  id: string,
): Promise<AccountRow> {
  demandAdministrator(principal, principal.organizationId)
  const row = await findAccount(core, id)
  if (row === null) throw new DeliveryError('not_found', 'There is no such account.')
  demandAdministrator(principal, row.organization_id)
  return row
}
