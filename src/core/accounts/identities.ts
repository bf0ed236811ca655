import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { findAccountByUsername } from './accounts.ts'
import { findCredential, insertCredential, listCredentials } from './credentials.ts'

/** Somebody as an identity provider knows them. */
export interface Identity {
  readonly issuer: string
  /** The provider's own name for them, which never changes. */
  readonly subject: string
  /** Their user name here, as the provider tells it; null when it does not. */
  readonly username: string | null
}

/** By what the credential of an identity is found. */
export function identityLookup({ issuer, subject }: Identity): string {
  return `${issuer} ${subject}`
}

/**
 * Ties an identity to the account with its user name, when it comes for the first time; from then on the
 * name counts no more, so that nobody gets into an account by taking its name at the provider later. An
 * account has one identity of each provider. One that was revoked stays out.
 * @throws DeliveryError `not_found` when no account is for it
 */
export async function linkIdentity(core: Core, identity: Identity): Promise<void> {
  const lookup = identityLookup(identity)
  if ((await findCredential(core, 'identity', lookup)) !== null) return
  const account =
    identity.username === null ? null : await findAccountByUsername(core, identity.username)
  if (account === null)
    throw new DeliveryError('not_found', 'There is no account for this identity.')
  const held = await listCredentials(core, 'system', account.id)
  const ofProvider = `${identity.issuer} `
  if (held.some(({ kind, lookup }) => kind === 'identity' && lookup.startsWith(ofProvider))) {
    throw new DeliveryError('not_found', 'The account belongs to another identity.')
  }
  const name = new URL(identity.issuer).host
  const credential = {
    accountId: account.id,
    kind: 'identity',
    lookup,
    secretHash: null,
    name,
  } as const
  try {
    await insertCredential(core, 'system', credential)
  } catch (error) {
    // Somebody who comes twice at once is tied once.
    if (!(error instanceof DeliveryError && error.code === 'conflict')) throw error
  }
}
