/** A file of an order that is about to be picked up. */
export interface FileToPrepare {
  readonly number: number
  readonly name: string
  readonly size: number
  readonly productId: string
  readonly urn: string
  /** When it was ordered, in ms since the epoch. */
  readonly orderedAt: number
}

/** `available`: its bytes can be read now; or it is on its way, or cannot be had. */
export type Preparation =
  | 'available'
  | { readonly askAgainSeconds: number }
  /** A sentence for the customer. */
  | { readonly failed: string }

/**
 * Brings an ordered file within reach: from a cold tier, from tape. It is asked again until it says
 * `available` or `failed`, so asking twice for the same file must do no harm, and waiting is better
 * done by `askAgainSeconds` than inside. What it throws fails the attempt, and the rest of the
 * sub-order is tried again later.
 */
export type PrepareFile = (file: FileToPrepare, signal: AbortSignal) => Promise<Preparation>
