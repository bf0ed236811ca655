import { webcrypto } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { type Credential, findCredentialById } from '../core/accounts/credentials.ts'
import type { Core } from '../core/core.ts'
import type { KeyRing, RingKey } from './key-ring.ts'
import { narrow } from './narrow.ts'

/** How long an access token lives, in seconds. */
export const accessTokenSeconds = 3600

/** RFC 9068's media type, so that no other JWT passes for one. */
const type = 'at+jwt'
/** Issuer and audience: the installation itself. */
const party = 'claimcheck'

/** Ours have under 600 characters; scopes may make them longer. */
const longestToken = 8192

/** Issues and checks OAuth access tokens: JWTs signed with HMAC-SHA-256 by the key ring. */
export interface AccessTokens {
  /** @param scopes what it is narrowed to; null for all that the account may */
  issue(credential: Credential, scopes: readonly string[] | null): Promise<string>
  /**
   * The credential behind a token, its principal narrowed to the token's scopes. Credential and
   * account are read anew: revoking either ends its tokens.
   */
  check(token: string): Promise<AccessTokenCheck>
}

export type AccessTokenCheck =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly refused: 'wrong' | 'expired' }

export function createAccessTokens(core: Core, ring: KeyRing): AccessTokens {
  const keys = new WeakMap<RingKey, Promise<webcrypto.CryptoKey>>()
  const keyOf = (key: RingKey) => {
    let imported = keys.get(key)
    if (imported === undefined) {
      imported = importKey(key)
      keys.set(key, imported)
    }
    return imported
  }
  return {
    async issue(credential, scopes) {
      const now = Math.floor(core.database.now() / 1000)
      const claims = { cid: credential.id, ...(scopes === null ? {} : { scope: scopes.join(' ') }) }
      return await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: type, kid: ring.first.id })
        .setIssuer(party)
        .setAudience(party)
        .setSubject(credential.principal.accountId)
        .setIssuedAt(now)
        .setExpirationTime(now + accessTokenSeconds)
        .sign(await keyOf(ring.first))
    },
    async check(token) {
      if (token.length > longestToken) return { refused: 'wrong' }
      try {
        const { payload } = await jwtVerify(
          token,
          ({ kid }) => {
            const key = kid === undefined ? null : ring.find(kid)
            if (key === null) throw new errors.JWSInvalid('The key is not one of ours.')
            return keyOf(key)
          },
          {
            algorithms: ['HS256'],
            typ: type,
            issuer: party,
            audience: party,
            requiredClaims: ['sub', 'exp', 'cid'],
            currentDate: new Date(core.database.now()),
          },
        )
        return await checkClaims(core, payload)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { refused: 'expired' }
        if (error instanceof errors.JOSEError) return { refused: 'wrong' }
        throw error
      }
    },
  }
}

async function checkClaims(
  core: Core,
  claims: { sub?: unknown; cid?: unknown; scope?: unknown; exp?: number },
): Promise<AccessTokenCheck> {
  if (typeof claims.cid !== 'string') return { refused: 'wrong' }
  const found = await findCredentialById(core, claims.cid)
  if (found === null || found.principal.accountId !== claims.sub) return { refused: 'wrong' }
  if (found.status !== 'usable') {
    return { refused: found.status === 'expired' ? 'expired' : 'wrong' }
  }
  // The token ends by itself, also where its credential goes on.
  const credential = { ...found, expiresAt: (claims.exp ?? 0) * 1000 }
  if (claims.scope === undefined) return { ok: true, credential }
  const scopes = String(claims.scope).split(' ')
  // A client keeps no scope that was taken from it since.
  const kept = found.scopes === null ? scopes : scopes.filter((s) => found.scopes?.includes(s))
  return { ok: true, credential: { ...credential, principal: narrow(found.principal, kept) } }
}

async function importKey(key: RingKey): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey(
    'raw',
    new Uint8Array(key.secretFor('access-token')),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )
}
