import { type AlignedBlocks, blockBytes } from './aligned-blocks.ts'
import type { PartFile } from './part-file.ts'

/** Writes what comes one after the other from a position on, in blocks that begin at multiples of their length. */
export interface BlockWriter {
  /** Takes over what is in the chunk. Resolves when there is room for more. */
  push(chunk: Uint8Array): Promise<void> | undefined
  /** Where everything before is written. */
  readonly written: number
  /** Writes what is left. However it ends, nothing is under way any more. */
  flush(): Promise<void>
}

/** One block is gathered while so many others are being written: with two the disk never waits. */
const mostUnderWay = 2

/** A writer whose first byte goes to `start`. */
export function createBlockWriter(
  { write, wrote }: Pick<PartFile, 'write' | 'wrote'>,
  start: number,
  blocks: AlignedBlocks,
): BlockWriter {
  let block: Uint8Array | null = null
  let position = start
  let filled = 0
  let written = start
  /** The last ones that were begun: each ends when all before it have. */
  const underWay: Promise<void>[] = [Promise.resolve()]

  function begin(full: Uint8Array): void {
    const bytes = full.subarray(0, filled)
    const end = position + filled
    const mine = write(bytes, position).finally(() => blocks.giveBack(full))
    const ended = bothOf(underWay.at(-1), mine).then(() => {
      written = end
      wrote(bytes.byteLength)
    })
    // Awaited by a later push or flush; until then a failure is not unheard.
    ended.catch(() => {})
    underWay.push(ended)
    if (underWay.length > mostUnderWay + 1) underWay.shift()
    block = null
    position = end
    filled = 0
  }

  return {
    push(chunk) {
      let isFull = false
      for (let at = 0; at < chunk.byteLength; ) {
        block ??= blocks.take()
        const room = blockBytes - ((position + filled) % blockBytes)
        const piece = chunk.subarray(at, at + room)
        block.set(piece, filled)
        filled += piece.byteLength
        at += piece.byteLength
        if (piece.byteLength < room) continue
        begin(block)
        isFull = true
      }
      return isFull ? underWay[0] : undefined
    },
    get written() {
      return written
    },
    async flush() {
      if (block !== null) begin(block)
      await underWay.at(-1)
    },
  }
}

/** @throws what the first one did, when both have ended: whoever hears of it may close the file */
async function bothOf(first: Promise<void> | undefined, second: Promise<void>): Promise<void> {
  const ends = await Promise.allSettled([first, second])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
