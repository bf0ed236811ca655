import { createHash } from 'node:crypto'
import type { BufferPool } from '../buffer-pool.ts'
import type { Payload } from './client.ts'

/** A piece of a body that is sent with one request. */
export interface Part extends Payload {
  /** Of these bytes alone. */
  readonly md5: Buffer
  readonly isLast: boolean
  /** Gives its buffers to the next one. */
  release(): void
}

/**
 * Cuts a body into parts of one size, the last of which may be shorter, or empty when the body is.
 * All of one size because Cloudflare R2 takes no others. Digests are taken as chunks come in: those of
 * a whole part would hold up the main thread for 30 ms.
 */
export async function* cutIntoParts(
  body: AsyncIterable<Uint8Array>,
  { partBytes, slabs }: { partBytes: number; slabs: BufferPool },
): AsyncGenerator<Part> {
  let part = new PartWriter(slabs)
  try {
    for await (const chunk of body) {
      for (let start = 0; start < chunk.byteLength; ) {
        if (part.size === partBytes) {
          const done = part
          part = new PartWriter(slabs)
          yield done.finish(false)
        }
        const end = Math.min(chunk.byteLength, start + partBytes - part.size)
        part.append(chunk.subarray(start, end))
        start = end
      }
    }
  } catch (error) {
    part.release()
    throw error
  }
  yield part.finish(true)
}

/** Copies into slabs, because a chunk is not ours for longer than a moment. */
class PartWriter {
  size = 0
  readonly #slabs: BufferPool
  readonly #filled: Buffer[] = []
  readonly #md5 = createHash('md5')
  readonly #sha256 = createHash('sha256')

  constructor(slabs: BufferPool) {
    this.#slabs = slabs
  }

  append(bytes: Uint8Array): void {
    this.#md5.update(bytes)
    this.#sha256.update(bytes)
    const { bufferSize } = this.#slabs
    for (let done = 0; done < bytes.byteLength; ) {
      const at = this.size % bufferSize
      if (at === 0) this.#filled.push(this.#slabs.take())
      const some = bytes.subarray(done, done + bufferSize - at)
      this.#filled.at(-1)?.set(some, at)
      this.size += some.byteLength
      done += some.byteLength
    }
  }

  finish(isLast: boolean): Part {
    const { size } = this
    const { bufferSize } = this.#slabs
    return {
      chunks: this.#filled.map((slab, index) => slab.subarray(0, size - index * bufferSize)),
      size,
      md5: this.#md5.digest(),
      sha256: this.#sha256.digest('hex'),
      isLast,
      release: () => this.release(),
    }
  }

  release(): void {
    for (const slab of this.#filled.splice(0)) this.#slabs.give(slab)
  }
}
