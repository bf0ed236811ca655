import { webcrypto } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import type { KeyRing, RingKey } from './key-ring.ts'

/** No other JWT of ours passes for one. */
const type = 'order+jwt'
const longestToken = 2048

export interface OrderTokenClaims {
  orderNumber: number
  /** In whose name it opens the order. */
  ownerId: string
}

/**
 * A token that opens the files of one order to whoever has it, as in a Metalink file.
 * @param expiresAt in ms since the epoch: the end of the order
 */
export async function issueOrderToken(
  ring: KeyRing,
  { orderNumber, ownerId }: OrderTokenClaims,
  expiresAt: number,
): Promise<string> {
  return await new SignJWT({ ORDER_ID: orderNumber })
    .setProtectedHeader({ alg: 'HS256', typ: type, kid: ring.first.id })
    .setSubject(ownerId)
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(await importKey(ring.first))
}

/** What a token opens; null when it is not one of ours or its time is over. */
export async function checkOrderToken(
  ring: KeyRing,
  token: string,
  now: number,
): Promise<OrderTokenClaims | null> {
  if (token.length > longestToken) return null
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const key = kid === undefined ? null : ring.find(kid)
        if (key === null) throw new errors.JWSInvalid('The key is not one of ours.')
        return await importKey(key)
      },
      {
        algorithms: ['HS256'],
        typ: type,
        requiredClaims: ['sub', 'exp', 'ORDER_ID'],
        currentDate: new Date(now),
      },
    )
    const { ORDER_ID: orderNumber, sub: ownerId } = payload
    return typeof orderNumber === 'number' && ownerId !== undefined
      ? { orderNumber, ownerId }
      : null
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

async function importKey(key: RingKey): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey(
    'raw',
    new Uint8Array(key.secretFor('order-token')),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )
}
