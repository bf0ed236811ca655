import type { ByteSpan } from '../core/content.ts'

/** What a store knows of one object. */
export interface ObjectStat {
  readonly key: string
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/** Where a whole object goes. */
export interface WholeObject {
  readonly target: Buffer
  readonly at: number
  readonly size: number
}

/** What a URL of the store's own is for. */
export interface PresignWish {
  readonly method: 'GET' | 'PUT'
  /** From 1 to 604,800. Nothing takes the URL back before. */
  readonly seconds: number
  /** What a GET answers as Content-Type. */
  readonly mediaType?: string
  /** What a GET answers as Content-Disposition. */
  readonly disposition?: string
}

/** Can the bytes of an object be read now, or are they on their way? */
export type Reach = 'available' | { readonly askAgainSeconds: number }

/**
 * Bytes by key: the seam behind which a folder or an S3 bucket lies. Keys are ours, never a user's
 * file name: segments of `[a-z0-9-]` joined by `/`. What HTTP wants (ranges, conditions, types) is
 * decided above it, once.
 */
export interface ObjectStore {
  /**
   * Stores a whole object. When it resolves, the object is durable and visible under its key; when
   * it throws, or the process dies, nothing is visible. A chunk is not kept after the next is asked for.
   * @throws DeliveryError `storage_full` when the medium has no room.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<{ size: number }>
  /**
   * The bytes of a span. A chunk is valid only until the next one is asked for.
   * @throws Error when the object is not there or is shorter than the span: it never ends short.
   */
  read(key: string, span: ByteSpan, signal?: AbortSignal): AsyncIterable<Uint8Array>
  /**
   * Reads a whole small object into a buffer from `at` on, on this thread; absent where that is not
   * quick. It may use one byte of the buffer more than the object has: a longer object shows itself so.
   * @throws Error when the object is not there or has not exactly `size` bytes.
   */
  readWhole?(key: string, into: WholeObject): void
  /** A URL at which anybody may get or put the object, past Claimcheck; absent where there is none. */
  presign?(key: string, wish: PresignWish): string
  /**
   * Brings an object within reach that lies in a cold storage class, for so many seconds at least; to
   * be asked again until it says `available`; `null` when there is no such object. Absent where
   * everything is within reach.
   */
  restore?(key: string, seconds: number): Promise<Reach | null>
  /** `null` when there is no such object. */
  stat(key: string): Promise<ObjectStat | null>
  /** Removing what is not there is no error. */
  remove(key: string): Promise<void>
  /** Every object whose key begins with the prefix, in no promised order. */
  list(prefix: string): AsyncIterable<ObjectStat>
  /** Half-written objects that no writer has touched since `before` (ms) go; returns how many went. */
  removeAbandoned(before: number): Promise<number>
  /** Can it be written to now? Throws a sentence when not; for `/readyz` and `doctor`. */
  check(): Promise<void>
  close(): Promise<void>
}
