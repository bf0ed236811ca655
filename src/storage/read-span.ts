import type { ByteSpan } from '../core/content.ts'
import type { BufferPool } from './buffer-pool.ts'
import { type Descriptor, fill, fillSync } from './descriptor.ts'

export interface ReadAtOnceOptions {
  readonly buffers: BufferPool
  /** A descriptor, at once when it is open already. */
  readonly enter: () => Descriptor | Promise<Descriptor>
  /** Throws when the span is not in the file. */
  readonly check: (file: Descriptor) => void
  readonly leave: (file: Descriptor) => void
}

/**
 * The bytes of a span that fits into one buffer, read on the main thread. Written out, because two
 * generators cost 3 µs a file, as much as the system call that reads it.
 */
export function readAtOnce(
  span: ByteSpan,
  { buffers, enter, check, leave }: ReadAtOnceOptions,
): AsyncIterator<Uint8Array> {
  const length = span.end - span.start
  let file: Descriptor | null = null
  let buffer: Buffer | null = null
  let begun = false
  const release = (): void => {
    if (buffer !== null) buffers.give(buffer)
    if (file !== null) leave(file)
    buffer = null
    file = null
  }
  return {
    async next() {
      if (begun) {
        release()
        return { done: true, value: undefined }
      }
      begun = true
      try {
        const entered = enter()
        file = entered instanceof Promise ? await entered : entered
        check(file)
        if (length > 0) {
          buffer = buffers.take()
          fillSync(file, buffer, length, span.start)
          return { done: false, value: buffer.subarray(0, length) }
        }
      } catch (error) {
        release()
        throw error
      }
      release()
      return { done: true, value: undefined }
    },
    async return() {
      begun = true
      release()
      return { done: true, value: undefined }
    },
  }
}

/** The bytes of a span; the next chunk is read on another thread while the consumer has the last one. */
export async function* readAhead(
  file: Descriptor,
  span: ByteSpan,
  { buffers, signal }: { buffers: BufferPool; signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const lengthAt = (position: number): number => Math.min(buffers.bufferSize, span.end - position)
  let current = buffers.take()
  let ahead = buffers.take()
  let reading = fill(file, ahead, lengthAt(span.start), span.start)
  try {
    for (let position = span.start; position < span.end; ) {
      await reading
      signal?.throwIfAborted()
      ;[current, ahead] = [ahead, current]
      const length = lengthAt(position)
      position += length
      if (position < span.end) {
        reading = fill(file, ahead, lengthAt(position), position)
        // It may fail while nobody waits for it; who waits next is told.
        reading.catch(() => {})
      }
      yield current.subarray(0, length)
    }
  } finally {
    // Neither the buffer nor the descriptor may go while a thread still reads into it.
    await reading.catch(() => {})
    buffers.give(current)
    buffers.give(ahead)
  }
}
