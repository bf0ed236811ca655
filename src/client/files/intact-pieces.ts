import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { PieceDigests } from '../digests.ts'
import type { Span } from './part-file.ts'

/**
 * Which pieces of a part are as they should be, so that only the others are fetched again.
 * @param size of the whole file, in bytes
 */
export async function findIntactPieces(
  part: string,
  pieces: PieceDigests,
  { size, signal }: { size: number; signal: AbortSignal | undefined },
): Promise<Span[]> {
  const { name, length, digests } = pieces
  if (digests.length !== Math.ceil(size / length)) return []
  const handle = await open(part, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    const block = new Uint8Array(Math.min(length, size))
    const intact: Span[] = []
    for (const [index, digest] of digests.entries()) {
      signal?.throwIfAborted()
      const start = index * length
      const end = Math.min(start + length, size)
      const { bytesRead } = await handle.read(block, 0, end - start, start)
      const found = createHash(name).update(block.subarray(0, bytesRead)).digest('hex')
      if (bytesRead === end - start && found === digest) intact.push({ start, end })
    }
    return intact
  } finally {
    await handle.close()
  }
}
