import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { findAccountByUsername } from './accounts.ts'
import {
  findCredential,
  insertCredential,
  listCredentials,
  revokeCredential,
} from './credentials.ts'

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
  if ((await firstOf(core, account.id, identity.issuer)) !== null) throw taken()
  const name = new URL(identity.issuer).host
  const credential = {
    accountId: account.id,
    kind: 'identity',
    lookup,
    secretHash: null,
    name,
  } as const
  try {
    const { id } = await insertCredential(core, 'system', credential)
    // Of two that came at one moment the first stays.
    if ((await firstOf(core, account.id, identity.issuer)) === id) return
    await revokeCredential(core, 'system', id)
  } catch (error) {
    // Somebody who comes twice at once is tied once.
    if (error instanceof DeliveryError && error.code === 'conflict') return
    throw error
  }
  throw taken()
}

/** The id of the identity that an account has of a provider, the oldest; null for none. */
async function firstOf(core: Core, accountId: string, issuer: string): Promise<string | null> {
  const held = await listCredentials(core, 'system', accountId)
  const ofProvider = `${issuer} `
  const first = held.find(
    ({ kind, lookup, revoked_at }) =>
      kind === 'identity' && revoked_at === null && lookup.startsWith(ofProvider),
  )
  return first?.id ?? null
}

function taken(): DeliveryError {
  return new DeliveryError('not_found', 'The account belongs to another identity.')
}
