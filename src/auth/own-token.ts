import { webcrypto } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { KeyPurpose, KeyRing, RingKey } from './key-ring.ts'

/** What tells the tokens of one use from those of all others. */
export interface TokenKind {
  /** Each use has a key of its own. */
  readonly purpose: KeyPurpose
  /** The header's `typ` (RFC 8725 §3.11), so that no other JWT of ours passes for one. */
  readonly type: string
  /** In characters; a longer text is not even read. */
  readonly longest: number
  /** Claims without which it is none. */
  readonly required: readonly string[]
  /** Issuer and audience, where a standard wants them named. */
  readonly party?: string
}

/** The claims of a token that is ours and whose time has not come, or why it is refused. */
export type TokenCheck = { readonly claims: JWTPayload } | { readonly refused: 'wrong' | 'expired' }

/**
 * Signs a JWT that only this installation reads: HMAC-SHA-256 by the first key of the ring (RFC 7519).
 * @param claims with `exp`, in seconds since the epoch
 */
export async function signToken(
  ring: KeyRing,
  kind: TokenKind,
  claims: JWTPayload & { exp: number },
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: kind.type, kid: ring.first.id })
    .sign(await keyFor(kind.purpose, ring.first))
}

/** @param now in ms since the epoch */
export async function checkToken(
  ring: KeyRing,
  kind: TokenKind,
  { token, now }: { token: string; now: number },
): Promise<TokenCheck> {
  if (token.length > kind.longest) return { refused: 'wrong' }
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = kid === undefined ? null : ring.find(kid)
        if (key === null) throw new errors.JWSInvalid('The key is not one of ours.')
        return keyFor(kind.purpose, key)
      },
      {
        algorithms: ['HS256'],
        typ: kind.type,
        requiredClaims: ['exp', ...kind.required],
        ...(kind.party !== undefined && { issuer: kind.party, audience: kind.party }),
        currentDate: new Date(now),
      },
    )
    return { claims: payload }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { refused: 'expired' }
    if (error instanceof errors.JOSEError) return { refused: 'wrong' }
    throw error
  }
}

const imported = new WeakMap<RingKey, Map<KeyPurpose, Promise<webcrypto.CryptoKey>>>()

function keyFor(purpose: KeyPurpose, key: RingKey): Promise<webcrypto.CryptoKey> {
  const byPurpose = imported.get(key) ?? new Map<KeyPurpose, Promise<webcrypto.CryptoKey>>()
  imported.set(key, byPurpose)
  const known = byPurpose.get(purpose)
  if (known !== undefined) return known
  const secret = new Uint8Array(key.secretFor(purpose))
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const fresh = webcrypto.subtle.importKey('raw', secret, algorithm, false, ['sign', 'verify'])
  byPurpose.set(purpose, fresh)
  return fresh
}
