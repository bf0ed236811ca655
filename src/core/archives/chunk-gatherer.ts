import { type BufferPool, createBufferPool } from '../../storage/buffer-pool.ts'

/** Room for a small file with its header. A reader that stands still costs no more than this. */
const FIRST_BYTES = 80 * 1024
/** Fewer and larger writes, for a reader that has shown that it takes them. */
const FAST_BYTES = 256 * 1024
/** More than the sockets of both sides hold: what has gone out beyond it was taken. */
const PROVEN_BYTES = 16 * 1024 * 1024

const first = createBufferPool(FIRST_BYTES, 64)
const fast = createBufferPool(FAST_BYTES, 16)

/** Gathers headers and small files into chunks worth a system call. */
export class ChunkGatherer {
  #pool: BufferPool = first
  #buffer: Buffer | null = null
  #length = 0
  #given = 0

  /** The buffer to write into from `length` on. */
  get buffer(): Buffer {
    this.#buffer ??= this.#pool.take()
    return this.#buffer
  }

  get length(): number {
    return this.#length
  }

  get room(): number {
    return this.#pool.bufferSize - this.#length
  }

  /** So many bytes were written into the buffer. */
  advance(count: number): void {
    this.#length += count
  }

  /** There must be room. */
  append(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.#length)
    this.#length += bytes.byteLength
  }

  /** What was gathered; it is valid until something is gathered again. */
  take(): Uint8Array {
    const chunk = this.buffer.subarray(0, this.#length)
    this.#given += this.#length
    this.#length = 0
    return chunk
  }

  /** To be called when what was taken is no longer in use. */
  recycle(): void {
    if (this.#pool === fast || this.#given < PROVEN_BYTES) return
    this.release()
    this.#pool = fast
  }

  /** Lets the buffer go. */
  release(): void {
    if (this.#buffer !== null) this.#pool.give(this.#buffer)
    this.#buffer = null
  }
}
