import type { ByteSpan } from '../content.ts'

/** The bytes of one entry's file. */
export interface EntryBytes {
  /**
   * Reads a whole small file into a buffer from `at` on, on this thread; absent where it cannot be
   * had so. One byte behind it may be written too.
   * @throws Error when it is not there or has another length
   */
  readonly readWhole?: (target: Buffer, at: number) => void
  read(span: ByteSpan, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** Files up to this length are read whole and gathered with their neighbours into one chunk. */
export const SMALL_BYTES = 64 * 1024
