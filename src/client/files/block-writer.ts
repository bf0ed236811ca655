import type { FileHandle } from 'node:fs/promises'
import type { PartFile } from './part-file.ts'

/** Chunks of a network are small; they are written so many bytes at a time. */
const blockBytes = 1024 * 1024

/** Writes chunks one after the other from a position on, one block while the next one is gathered. */
export interface BlockWriter {
  /** Resolves when there is room for more. The chunk must not be changed before it is released. */
  push(chunk: Uint8Array): Promise<void> | undefined
  /** Where everything before is written. */
  readonly written: number
  /** Writes what is left. */
  flush(): Promise<void>
}

/** @param release is called with each chunk when it is written */
export function createBlockWriter(
  { handle, wrote }: Pick<PartFile, 'handle' | 'wrote'>,
  start: number,
  release: (chunk: Uint8Array) => void,
): BlockWriter {
  let gathered: Uint8Array[] = []
  let size = 0
  let written = start
  let position = start
  let running: Promise<void> = Promise.resolve()

  function writeGathered(): void {
    const [chunks, bytes, at] = [gathered, size, position]
    gathered = []
    size = 0
    position += bytes
    running = running.then(async () => {
      await writeAll(handle, chunks, at)
      written = at + bytes
      wrote(bytes)
      chunks.forEach(release)
    })
    // Awaited by the next push or flush; until then a failure is not unheard.
    running.catch(() => {})
  }

  return {
    push(chunk) {
      gathered.push(chunk)
      size += chunk.byteLength
      if (size < blockBytes) return undefined
      const before = running
      writeGathered()
      return before
    },
    get written() {
      return written
    },
    async flush() {
      if (size > 0) writeGathered()
      await running
    },
  }
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], start: number): Promise<void> {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  const { bytesWritten } = await handle.writev(chunks, start)
  // A disk that fills up takes less than it is given, and says why at the next attempt.
  let done = bytesWritten
  if (done === bytes) return
  let at = 0
  for (const chunk of chunks) {
    const from = Math.min(chunk.byteLength, Math.max(0, done - at))
    for (let offset = from; offset < chunk.byteLength; ) {
      const rest = chunk.subarray(offset)
      const written = await handle.write(rest, 0, rest.byteLength, start + at + offset)
      offset += written.bytesWritten
      done += written.bytesWritten
    }
    at += chunk.byteLength
  }
}
