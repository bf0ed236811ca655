import { randomUUID } from 'node:crypto'
import { type Credential, findCredentialById } from '../core/accounts/credentials.ts'
import { endSession, hasSessionEnded } from '../core/accounts/ended-sessions.ts'
import type { Core } from '../core/core.ts'
import type { KeyRing } from './key-ring.ts'
import { checkToken, signToken, type TokenKind } from './own-token.ts'

const kind: TokenKind = {
  purpose: 'session',
  type: 'session+jwt',
  longest: 2048,
  required: ['sid', 'cid', 'iat', 'begun'],
}

export interface SessionLimits {
  /** It ends so many seconds after it was used last. */
  idleSeconds: number
  /** It ends so many seconds after the sign-in, however much it is used. */
  wholeSeconds: number
}

/** Sessions of people who signed in by a password: tokens for a cookie, signed by the key ring. */
export interface Sessions {
  readonly limits: SessionLimits
  begin(credential: Credential): Promise<string>
  /**
   * Who a session is of; null when it has ended, or is none. Credential and account are read anew:
   * revoking either, or changing the password, ends it. `renewed` is the token to go on with, null
   * when the present one is young enough.
   */
  check(token: string): Promise<{ credential: Credential; renewed: string | null } | null>
  /** Ends it on every node, also for whoever has copied the token. */
  end(token: string): Promise<void>
}

/** Sessions that any node with the same keys and database knows. */
export function createSessions(core: Core, ring: KeyRing, limits: SessionLimits): Sessions {
  const seconds = () => Math.floor(core.database.now() / 1000)
  const sign = async ({ id, credentialId, begun }: Claims) => {
    const end = Math.min(seconds() + limits.idleSeconds, begun + limits.wholeSeconds)
    const claims = { cid: credentialId, sid: id, begun, iat: seconds(), exp: end }
    return await signToken(ring, kind, claims)
  }
  return {
    limits,
    begin: ({ id: credentialId }) => sign({ id: randomUUID(), credentialId, begun: seconds() }),
    async check(token) {
      const claims = await readClaims(ring, token, core.database.now())
      if (claims === null || (await hasSessionEnded(core, claims.id))) return null
      const credential = await findCredentialById(core, claims.credentialId)
      if (credential === null || credential.status !== 'usable') return null
      const isYoung = seconds() - claims.issued < Math.min(60, limits.idleSeconds / 2)
      return { credential, renewed: isYoung ? null : await sign(claims) }
    },
    async end(token) {
      const claims = await readClaims(ring, token, core.database.now())
      if (claims === null) return
      // Whatever token of this session is about, it is over by then.
      await endSession(core, claims.id, (claims.begun + limits.wholeSeconds) * 1000)
    },
  }
}

interface Claims {
  id: string
  credentialId: string
  /** In seconds since the epoch. */
  begun: number
}

async function readClaims(
  ring: KeyRing,
  token: string,
  now: number,
): Promise<(Claims & { issued: number }) | null> {
  const check = await checkToken(ring, kind, { token, now })
  if ('refused' in check) return null
  const { sid: id, cid: credentialId, begun, iat: issued } = check.claims
  if (typeof id !== 'string' || typeof credentialId !== 'string') return null
  if (typeof begun !== 'number' || issued === undefined) return null
  return { id, credentialId, begun, issued }
}
