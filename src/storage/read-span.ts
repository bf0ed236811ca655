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

export interface ReadFlowingOptions {
  /** For clients of which it is not known whether they are fast, and for slow ones. */
  readonly small: BufferPool
  readonly large: BufferPool
  /** May the main thread read a small buffer? */
  readonly onMainThread: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * So much must have gone out quickly before large buffers are taken: more than the sockets of both
 * sides hold, so that a client that takes nothing never costs more than one small buffer.
 */
const provenBytes = 16 * 1024 * 1024
const slowMilliseconds = 50

/**
 * The bytes of a span. A consumer that is fast gets large chunks, of which the next is read on
 * another thread while it has the last: two of 512 KiB gave 3.2 GB/s over loopback, of 256 KiB 1.9,
 * of 1 MiB 1.6 to 3, one of 64 KiB read on the main thread 1.8.
 */
export async function* readFlowing(
  file: Descriptor,
  span: ByteSpan,
  options: ReadFlowingOptions,
): AsyncGenerator<Uint8Array> {
  for (let start = span.start; start < span.end; ) {
    start = yield* walk(file, { start, end: span.end }, options)
    start = yield* run(file, { start, end: span.end }, options)
  }
}

/** Small chunks until the consumer has proved to be fast; returns where it stopped. */
async function* walk(
  file: Descriptor,
  span: ByteSpan,
  { small, onMainThread, signal }: ReadFlowingOptions,
): AsyncGenerator<Uint8Array, number> {
  const buffer = small.take()
  let position = span.start
  let provenFrom = position
  try {
    while (position < span.end && position - provenFrom < provenBytes) {
      const length = Math.min(small.bufferSize, span.end - position)
      if (onMainThread) fillSync(file, buffer, length, position)
      else await fill(file, buffer, length, position)
      signal?.throwIfAborted()
      position += length
      const given = performance.now()
      yield buffer.subarray(0, length)
      if (performance.now() - given > slowMilliseconds) provenFrom = position
    }
  } finally {
    small.give(buffer)
  }
  return position
}

/** Large chunks until the consumer takes its time with one; returns where it stopped. */
async function* run(
  file: Descriptor,
  span: ByteSpan,
  { large, signal }: ReadFlowingOptions,
): AsyncGenerator<Uint8Array, number> {
  if (span.start === span.end) return span.end
  const lengthAt = (position: number): number => Math.min(large.bufferSize, span.end - position)
  let current = large.take()
  let ahead = large.take()
  let position = span.start
  let readTo = position + lengthAt(position)
  let isFast = true
  let reading = fill(file, ahead, lengthAt(position), position)
  try {
    while (position < readTo) {
      await reading
      signal?.throwIfAborted()
      ;[current, ahead] = [ahead, current]
      const length = readTo - position
      position = readTo
      if (isFast && position < span.end) {
        readTo += lengthAt(position)
        reading = fill(file, ahead, lengthAt(position), position)
        // It may fail while nobody waits for it; who waits next is told.
        reading.catch(() => {})
      }
      const given = performance.now()
      yield current.subarray(0, length)
      if (performance.now() - given > slowMilliseconds) isFast = false
    }
  } finally {
    // Neither the buffer nor the descriptor may go while a thread still reads into it.
    await reading.catch(() => {})
    large.give(current)
    large.give(ahead)
  }
  return position
}
