import { DeliveryError } from '../errors.ts'
import { demand } from '../may.ts'
import { hasPermission, type Principal } from '../principal.ts'

/** Who does an operation that is open to the local command line too: an account, or the one who holds the machine. */
export type Actor = Principal | 'system'

/** As the audit trail names the actor: an account's id, or null for the system. */
export function actorId(actor: Actor): string | null {
  return actor === 'system' ? null : actor.accountId
}

/**
 * Asks for an administrator of the organization. What concerns operators asks for an operator, or
 * an administrator could make himself one.
 * @throws DeliveryError `forbidden`, `not_yours`
 */
export function demandAdministrator(
  actor: Actor,
  organizationId: string,
  permissions: Iterable<string> = [],
): void {
  if (actor === 'system') return
  demand(
    actor,
    'administer',
    { organizationId, ownerId: null, permission: null },
    'Only an administrator of the organization may do this.',
  )
  demandOperatorFor(actor, permissions)
}

/**
 * Asks for the operator of the installation.
 * @throws DeliveryError `forbidden`
 */
export function demandOperator(actor: Actor): void {
  if (actor === 'system') return
  demand(
    actor,
    'create',
    { organizationId: actor.organizationId, ownerId: null, permission: 'operator' },
    'Only an operator of the installation may do this.',
  )
}

/**
 * Asks for the account itself or an administrator of its organization, signed in with all of its
 * rights: a token narrowed to a scope must not make itself a credential without one.
 * @throws DeliveryError `forbidden`, `not_yours`, `insufficient_scope`
 */
export function demandHolder(
  actor: Actor,
  account: { id: string; organizationId: string; permissions: Iterable<string> },
): void {
  if (actor === 'system') return
  if (actor.scopes !== null) {
    throw new DeliveryError(
      'insufficient_scope',
      'A token with a scope may not manage credentials; sign in with the account itself.',
    )
  }
  demand(
    actor,
    'manage',
    { organizationId: account.organizationId, ownerId: account.id, permission: null },
    'Only the account itself or an administrator of its organization may do this.',
  )
  if (actor.accountId !== account.id) demandOperatorFor(actor, account.permissions)
}

function demandOperatorFor(actor: Principal, permissions: Iterable<string>): void {
  for (const permission of permissions) {
    if (permission !== 'operator' || hasPermission(actor, 'operator')) continue
    throw new DeliveryError('forbidden', 'Only an operator may do this to or for an operator.')
  }
}
