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
