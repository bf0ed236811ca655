import { findAccount } from '../core/accounts/accounts.ts'
import type { Actor } from '../core/accounts/actor.ts'
import {
  insertCredential,
  type NewCredential,
  replaceCredential,
} from '../core/accounts/credentials.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import { hashPassword, parsePassword } from './password.ts'
import { hashSecret, randomText } from './secret.ts'

/** Who issues, and for whom. */
export interface Issuing {
  actor: Actor
  accountId: string
}

/** What a new credential may be given beside its secret. */
export interface Label {
  /** For people, to tell one from another. */
  name?: string
  /** In ms since the epoch; never when left out. */
  expiresAt?: number
}

/**
 * Sets an account's password; what was signed in with the old one ends.
 * @throws DeliveryError `invalid` for a password that cannot be one, `not_found`, `forbidden`,
 *   `not_yours`, `insufficient_scope`, `unavailable` when too many are being hashed
 */
export async function setPassword(
  core: Core,
  { actor, accountId }: Issuing,
  password: string,
): Promise<{ credentialId: string }> {
  const account = await findAccount(core, accountId)
  if (account === null) throw new DeliveryError('not_found', 'There is no such account.')
  const credential = await replaceCredential(core, actor, {
    accountId,
    kind: 'password',
    lookup: account.username,
    secretHash: await hashPassword(parsePassword(password)),
    name: 'password',
  })
  return { credentialId: credential.id }
}

export interface KeyPair {
  credentialId: string
  /** 8 letters and digits; public. */
  accessKey: string
  /** 32 letters and digits, 190 random bits; shown once. */
  secretKey: string
}

/**
 * A key pair for Basic.
 * @param options `given` only where the pair must be known beforehand, as in the demo.
 * @throws DeliveryError `not_found`, `conflict`, `invalid`, `forbidden`, `not_yours`, `insufficient_scope`
 */
export async function issueKeyPair(
  core: Core,
  issuing: Issuing,
  options: Label & { given?: { accessKey: string; secretKey: string } } = {},
): Promise<KeyPair> {
  const { accessKey, secretKey } = options.given ?? {
    accessKey: randomText(8),
    secretKey: randomText(32),
  }
  const credentialId = await store(core, issuing, {
    credential: {
      kind: 'key',
      lookup: accessKey,
      secretHash: hashSecret(secretKey),
      ...label(options, 'key pair'),
    },
    given: options.given === undefined ? [] : [accessKey, secretKey],
  })
  return { credentialId, accessKey, secretKey }
}

/**
 * An API token for Bearer: `cct_` and 40 letters and digits, shown once. The prefix lets secret
 * scanners find it where it should not be.
 * @param options `given` only where the token must be known beforehand, as in the demo.
 * @throws DeliveryError as `issueKeyPair`
 */
export async function issueToken(
  core: Core,
  issuing: Issuing,
  options: Label & { given?: string } = {},
): Promise<{ credentialId: string; token: string }> {
  const token = options.given ?? `cct_${randomText(40)}`
  const credentialId = await store(core, issuing, {
    credential: {
      kind: 'token',
      lookup: hashSecret(token),
      secretHash: null,
      ...label(options, 'token'),
    },
    given: options.given === undefined ? [] : [token],
  })
  return { credentialId, token }
}

export interface Client {
  credentialId: string
  /** 20 letters and digits; public. */
  clientId: string
  /** 40 letters and digits; shown once. */
  clientSecret: string
}

/**
 * An OAuth client for the client credentials grant.
 * @param options `scopes` are what it may ask for, at least one; `given` only where the client must
 *   be known beforehand, as in the demo.
 * @throws DeliveryError as `issueKeyPair`
 */
export async function issueClient(
  core: Core,
  issuing: Issuing,
  options: Label & {
    scopes: readonly string[]
    given?: { clientId: string; clientSecret: string }
  },
): Promise<Client> {
  const { clientId, clientSecret } = options.given ?? {
    clientId: randomText(20),
    clientSecret: randomText(40),
  }
  const credentialId = await store(core, issuing, {
    credential: {
      kind: 'client',
      lookup: clientId,
      secretHash: hashSecret(clientSecret),
      scopes: parseScopes(options.scopes),
      ...label(options, 'client'),
    },
    given: options.given === undefined ? [] : [clientId, clientSecret],
  })
  return { credentialId, clientId, clientSecret }
}

interface Storing {
  credential: Omit<NewCredential, 'accountId'>
  /** What was not made by us. */
  given: readonly string[]
}

async function store(
  core: Core,
  { actor, accountId }: Issuing,
  { credential, given }: Storing,
): Promise<string> {
  if (given.some((text) => !/^[A-Za-z0-9_-]{4,200}$/.test(text))) {
    throw new DeliveryError(
      'invalid',
      'A given key, secret or token has 4 to 200 letters, digits, "_" and "-".',
    )
  }
  // The demo gives the same ones again when it is started on the same data.
  const put = given.length === 0 ? insertCredential : replaceCredential
  const row = await put(core, actor, { accountId, ...credential })
  return row.id
}

function label(options: Label, otherwise: string): { name: string; expiresAt: number | null } {
  return { name: options.name?.trim() || otherwise, expiresAt: options.expiresAt ?? null }
}

function parseScopes(scopes: readonly string[]): string[] {
  // RFC 6749 §3.3: printable ASCII without space, quote and backslash.
  const right = scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(scope))
  if (right && scopes.length > 0) return [...new Set(scopes)].sort()
  throw new DeliveryError(
    'invalid',
    'A client needs at least one scope; scopes are words like "rostering".',
    { details: { field: 'scopes' } },
  )
}
