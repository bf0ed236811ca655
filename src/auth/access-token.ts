import type { JWTPayload } from 'jose'
import { type Credential, findCredentialById } from '../core/accounts/credentials.ts'
import type { Core } from '../core/core.ts'
import { narrow } from '../core/principal.ts'
import type { KeyRing } from './key-ring.ts'
import { checkToken, signToken, type TokenKind } from './own-token.ts'

/** How long an access token lives, in seconds. */
export const accessTokenSeconds = 3600

/** Issuer and audience: the installation itself, which reads no token but its own. */
const party = 'claimcheck'

/** With RFC 9068's media type. Ours have under 600 characters; scopes may make them longer. */
const kind: TokenKind = {
  purpose: 'access-token',
  type: 'at+jwt',
  longest: 8192,
  required: ['sub', 'cid'],
  party,
}

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

/** Tokens that are signed by the first key of the ring, and checked with any of them. */
export function createAccessTokens(core: Core, ring: KeyRing): AccessTokens {
  return {
    async issue(credential, scopes) {
      const now = Math.floor(core.database.now() / 1000)
      return await signToken(ring, kind, {
        iss: party,
        aud: party,
        sub: credential.principal.accountId,
        cid: credential.id,
        ...(scopes === null ? {} : { scope: scopes.join(' ') }),
        iat: now,
        exp: now + accessTokenSeconds,
      })
    },
    async check(token) {
      const check = await checkToken(ring, kind, { token, now: core.database.now() })
      return 'refused' in check ? check : await checkClaims(core, check.claims)
    },
  }
}

async function checkClaims(core: Core, claims: JWTPayload): Promise<AccessTokenCheck> {
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
