import type { FileHandle } from 'node:fs/promises'
import type { Digests } from '../digests.ts'
import { createFileHash } from './file-hash.ts'

/** Digests a file while it comes, as far as it comes in order. */
export interface RunningHash {
  /** A chunk with its position; what does not follow on what was digested is passed over. */
  offer(position: number, chunk: Uint8Array): void
  /** Everything before it is digested. */
  readonly position: number
  update(chunk: Uint8Array): void
  digests(): Digests
}

/** @param known which algorithms there is something to compare with */
export function createRunningHash(...known: readonly Digests[]): RunningHash {
  const hash = createFileHash(Object.assign({}, ...known))
  let position = 0
  const update = (chunk: Uint8Array) => {
    hash.update(chunk)
    position += chunk.byteLength
  }
  return {
    offer(at, chunk) {
      if (at === position) update(chunk)
    },
    get position() {
      return position
    },
    update,
    digests: hash.digests,
  }
}

const blockBytes = 1024 * 1024

/** Reads from the disk what did not come in order. */
export async function hashRest(
  hash: RunningHash,
  handle: FileHandle,
  { size, signal }: { size: number; signal: AbortSignal | undefined },
): Promise<Digests> {
  const block = new Uint8Array(blockBytes)
  while (hash.position < size) {
    signal?.throwIfAborted()
    const wanted = Math.min(blockBytes, size - hash.position)
    const { bytesRead } = await handle.read(block, 0, wanted, hash.position)
    if (bytesRead === 0) break
    hash.update(block.subarray(0, bytesRead))
  }
  return hash.digests()
}
