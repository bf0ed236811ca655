import type { EntryBytes } from './entry-bytes.ts'
import type { Placed } from './layout.ts'

/** So many are asked for at once, and so many bytes: an object store answers in milliseconds, not microseconds. */
const FILES_AHEAD = 16
const BYTES_AHEAD = 128 * 1024

/** Reads small files whole that cannot be had at once: the next ones are under way while one is waited for. */
export class SmallFiles {
  readonly #places: readonly Placed[]
  readonly #files: readonly EntryBytes[]
  readonly #signal: AbortSignal | undefined
  readonly #underWay = new Map<number, Promise<Buffer>>()

  constructor(
    places: readonly Placed[],
    files: readonly EntryBytes[],
    signal: AbortSignal | undefined,
  ) {
    this.#places = places
    this.#files = files
    this.#signal = signal
  }

  /** @throws Error when the file is not there whole */
  async read(index: number): Promise<Buffer> {
    this.#startFrom(index)
    const bytes = await this.#underWay.get(index)
    this.#underWay.delete(index)
    if (bytes === undefined)
      throw new Error(`There is no entry ${index} in this part of the archive.`)
    return bytes
  }

  #startFrom(first: number): void {
    let bytes = 0
    for (let index = first; index < first + FILES_AHEAD; index += 1) {
      const size = this.#places[index]?.entry.size
      const file = this.#files[index]
      if (size === undefined || file === undefined) return
      bytes += size
      if (index > first && (bytes > BYTES_AHEAD || file.readWhole !== undefined)) return
      if (this.#underWay.has(index)) continue
      const reading = readWhole(file, size, this.#signal)
      // It may fail before anybody waits for it; who waits is told.
      reading.catch(() => {})
      this.#underWay.set(index, reading)
    }
  }
}

async function readWhole(
  file: EntryBytes,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size)
  let length = 0
  if (size === 0) return bytes
  for await (const chunk of file.read({ start: 0, end: size }, signal)) {
    bytes.set(chunk, length)
    length += chunk.byteLength
  }
  if (length === size) return bytes
  throw new Error(`A file of ${size} bytes gave ${length}. It has changed or is damaged.`)
}
