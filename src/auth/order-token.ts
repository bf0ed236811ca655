import type { KeyRing } from './key-ring.ts'
import { checkToken, signToken, type TokenKind } from './own-token.ts'

const kind: TokenKind = {
  purpose: 'order-token',
  type: 'order+jwt',
  longest: 2048,
  required: ['sub', 'ORDER_ID'],
}

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
  const exp = Math.floor(expiresAt / 1000)
  return await signToken(ring, kind, { ORDER_ID: orderNumber, sub: ownerId, exp })
}

/** What a token opens; null when it is not one of ours or its time is over. */
export async function checkOrderToken(
  ring: KeyRing,
  token: string,
  now: number,
): Promise<OrderTokenClaims | null> {
  const check = await checkToken(ring, kind, { token, now })
  if ('refused' in check) return null
  const { ORDER_ID: orderNumber, sub: ownerId } = check.claims
  return typeof orderNumber === 'number' && ownerId !== undefined ? { orderNumber, ownerId } : null
}
