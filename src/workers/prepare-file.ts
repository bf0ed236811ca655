import type { Writable } from 'node:stream'

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

export interface PreparationContext {
  /** Aborted when the order is cancelled or paused, the lease is lost or the server stops. */
  readonly signal: AbortSignal
  /**
   * Opens the file to be made anew: what is written takes the place of the published bytes in this
   * order, with its own size and digests, once `available` is returned. To be called once.
   */
  write(): Writable
}

/**
 * Brings an ordered file within reach, from a cold tier or from tape, or makes it. It is asked again until it says
 * `available` or `failed`, so asking twice for the same file must do no harm, and waiting is better
 * done by `askAgainSeconds` than inside. What it throws fails the attempt, and the rest of the
 * sub-order is tried again later.
 */
export type PrepareFile = (file: FileToPrepare, context: PreparationContext) => Promise<Preparation>
