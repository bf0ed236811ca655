import type { ByteSpan } from '../core/content.ts'
import type { BufferPool } from './buffer-pool.ts'
import { type Descriptor, fill, fillSync } from './descriptor.ts'

/** The bytes of a span that fits into one buffer, read on the main thread. */
export async function* readAtOnce(
  file: Descriptor,
  span: ByteSpan,
  buffers: BufferPool,
): AsyncGenerator<Uint8Array> {
  const length = span.end - span.start
  const buffer = buffers.take()
  try {
    fillSync(file, buffer, length, span.start)
    yield buffer.subarray(0, length)
  } finally {
    buffers.give(buffer)
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
