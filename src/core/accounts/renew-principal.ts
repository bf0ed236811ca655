import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { hasPermission, type Principal } from '../principal.ts'
import { findPrincipal } from './accounts.ts'
import { findCredentialById } from './credentials.ts'

/**
 * Somebody with the rights that their account has by now, for what ends long after it was asked for; one
 * that was narrowed stays so.
 * @throws DeliveryError `forbidden` when the account was suspended or the credential revoked since
 */
export async function renewPrincipal(core: Core, principal: Principal): Promise<Principal> {
  const { credentialId } = principal
  const account = await findPrincipal(core, principal.accountId)
  if (account === null) throw new DeliveryError('forbidden', 'The account is suspended.')
  if (credentialId !== null && (await isRevoked(core, credentialId))) {
    const sentence = 'The credential that the request came with was revoked meanwhile.'
    throw new DeliveryError('forbidden', sentence)
  }
  if (principal.scopes === null) return { ...account, credentialId }
  const held = [...principal.permissions].filter((permission) => hasPermission(account, permission))
  return { ...principal, permissions: new Set(held) }
}

/** One that ended by itself was good when the request came. A password that was replaced is gone. */
async function isRevoked(core: Core, id: string): Promise<boolean> {
  const credential = await findCredentialById(core, id)
  return credential === null || credential.status === 'revoked'
}
