import type { ClientErrorCode } from './client-error.ts'
import type { RemoteFile } from './remote-file.ts'

/** How a delivery stands. `done` and `incomplete`, `failed`, `canceled`, `expired` are ends. */
export type Standing = 'waiting' | 'done' | 'incomplete' | 'failed' | 'canceled' | 'expired'

/** What one look at a delivery shows. */
export interface Snapshot {
  readonly standing: Standing
  /** The server's own word for it. */
  readonly word: string
  /** From 0 to 1; null when the server does not say. */
  readonly progress: number | null
  readonly message: string | null
  /** What can be picked up and was not in an earlier snapshot. */
  readonly files: readonly RemoteFile[]
}

export interface WatchOptions {
  readonly signal?: AbortSignal
  /** One look, without waiting for the end. */
  readonly once?: boolean
  /** Without the files: only how it stands. */
  readonly withoutFiles?: boolean
}

/** Something to be picked up at one of the APIs: a download, an order, a listing, a file. */
export interface RemoteDelivery {
  readonly api: ApiName
  /** Its address, without secrets. */
  readonly url: string
  /** What is saved as a tree when nobody says otherwise. */
  readonly isTree: boolean
  /** An address that gives everything as one archive; null where there is none. */
  readonly archive: RemoteFile | null
  /**
   * Looks again and again, in the API's own way, until it is over. The files of a snapshot should be
   * fetched before the next one is asked for: an order goes on only when they are.
   * @throws ClientError
   */
  watch(options?: WatchOptions): AsyncIterable<Snapshot>
}

/** The APIs that the client speaks. */
export const apiNames = [
  'v1',
  'downloads',
  'orders',
  'studies',
  'imports',
  'port-orders',
  'manifest',
  'file',
] as const

export type ApiName = (typeof apiNames)[number]

/** The error of an end without all files; null for the others. */
export const endings = {
  waiting: null,
  done: null,
  incomplete: 'delivery_incomplete',
  failed: 'delivery_failed',
  canceled: 'delivery_canceled',
  expired: 'delivery_expired',
} as const satisfies Record<Standing, ClientErrorCode | null>
