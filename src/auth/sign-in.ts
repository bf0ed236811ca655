import { type Credential, findCredential } from '../core/accounts/credentials.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import type { Principal } from '../core/principal.ts'
import { createRecent } from '../core/recent.ts'
import { type AccessTokens, createAccessTokens } from './access-token.ts'
import { parseAuthorization } from './authorization-header.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import type { KeyRing } from './key-ring.ts'
import { createPasswordSignIn, type PasswordSignIn } from './password-sign-in.ts'
import { hashSecret, isSecret } from './secret.ts'

/** The ways to sign in that an API may accept. `bearer` takes API tokens and OAuth access tokens. */
export type SignInMethod = 'basic-password' | 'basic-key' | 'bearer'

export interface SignInAttempt {
  /** The Authorization header; undefined when there is none. */
  authorization: string | undefined
  /** The client's address. */
  address: string
  methods: readonly SignInMethod[]
}

/**
 * Why a sign-in was refused, in `details.reason` of the `unauthenticated` error: `missing` no
 * credentials were sent, or of a scheme that is not accepted here; `unreadable` they break their
 * grammar; `wrong` unknown, false, revoked or suspended; `expired` a token that was right once.
 */
export type SignInRefusal = 'missing' | 'unreadable' | 'wrong' | 'expired'

/** Finds out who asks. */
export interface SignIn {
  /**
   * @throws DeliveryError `unauthenticated` with `details.reason` (a `SignInRefusal`) and
   *   `details.scheme` (`basic`, `bearer` or null); `locked_out` with `details.retryAfter` in seconds;
   *   `unavailable` when too many sign in at once
   */
  byHeader(attempt: SignInAttempt): Promise<Principal>
  /** The same when it was found out a moment ago, else null: a poll then waits for nothing. */
  recall(attempt: SignInAttempt): Principal | null
  /** What the token endpoint works with. */
  readonly core: Core
  readonly backoff: Backoff
  readonly passwords: PasswordSignIn
  readonly accessTokens: AccessTokens
}

/** Every way to sign in, over the same accounts and the same patience with wrong ones. */
export function createSignIn(core: Core, keys: KeyRing): SignIn {
  const backoff = createBackoff(core.database.now)
  const passwords = createPasswordSignIn(core, backoff)
  const accessTokens = createAccessTokens(core, keys)
  // Who a header was: a poll then costs one look-up instead of two and a hash (twice the polls a second).
  const recent = createRecent<Principal>(core.database, 'access')
  const ways: Ways = { core, backoff, passwords, accessTokens }
  return {
    core,
    backoff,
    passwords,
    accessTokens,
    recall: (attempt) => recent.find(keyOf(attempt)),
    async byHeader(attempt) {
      const key = keyOf(attempt)
      const known = recent.find(key)
      if (known !== null) return known
      const keep = recent.begin()
      const { principal, expiresAt } = await findOut(ways, attempt)
      keep(key, principal, expiresAt)
      return principal
    },
  }
}

/** All that the answer depends on. */
function keyOf({ methods, authorization }: SignInAttempt): string {
  return `${methods.join()} ${authorization}`
}

async function findOut(ways: Ways, attempt: SignInAttempt): Promise<Credential> {
  const { authorization, address, methods } = attempt
  const sent = parseAuthorization(authorization)
  if (sent.scheme === 'bearer' && methods.includes('bearer')) {
    return await byToken(ways, sent.token)
  }
  if (sent.scheme === 'basic' && methods.some((method) => method !== 'bearer')) {
    return await byPair(ways, { ...sent, address, methods })
  }
  if (sent.scheme === 'unreadable' && sent.meant !== 'other') {
    throw refused('unreadable', sent.meant)
  }
  throw refused('missing', null)
}

type Ways = Omit<SignIn, 'byHeader' | 'recall'>

async function byToken({ core, accessTokens }: Ways, token: string): Promise<Credential> {
  // API tokens have no dots, JWTs have two.
  if (token.includes('.')) {
    const check = await accessTokens.check(token)
    if ('ok' in check) return check.credential
    throw refused(check.refused, 'bearer')
  }
  const credential = await findCredential(core, 'token', hashSecret(token))
  if (credential?.status === 'usable') return credential
  throw refused(credential?.status === 'expired' ? 'expired' : 'wrong', 'bearer')
}

interface Pair {
  username: string
  password: string
  address: string
  methods: readonly SignInMethod[]
}

async function byPair({ core, backoff, passwords }: Ways, pair: Pair): Promise<Credential> {
  if (pair.methods.includes('basic-key')) {
    const key = await findByKey(core, pair)
    if (key !== null) return key
  }
  // A wrong key is looked up as a user name as well: which of the two it was takes the same time.
  if (pair.methods.includes('basic-password')) {
    const credential = await passwords.check(pair)
    if (credential !== null) return credential
  } else {
    backoff.begin(`key:${pair.username}`, pair.address).fail()
  }
  throw refused('wrong', 'basic')
}

/**
 * A right key passes whatever failed before: 190 random bits cannot be guessed at any speed, and a
 * lock would only let one customer's broken script shut out the others behind the same address.
 */
async function findByKey(core: Core, { username, password }: Pair): Promise<Credential | null> {
  const key = await findCredential(core, 'key', username)
  const right = isSecret(password, key?.secretHash ?? null)
  return right && key?.status === 'usable' ? key : null
}

const sentences: Record<SignInRefusal, string> = {
  missing: 'Sign in to do this: no credentials that are accepted here were sent.',
  unreadable: 'The Authorization header cannot be read.',
  wrong: 'The credentials are wrong or no longer valid.',
  expired: 'The token has expired; get a new one.',
}

function refused(reason: SignInRefusal, scheme: 'basic' | 'bearer' | null): DeliveryError {
  return new DeliveryError('unauthenticated', sentences[reason], { details: { reason, scheme } })
}
