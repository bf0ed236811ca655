/** In bytes: what is written to a disk at once. */
export const blockBytes = 1024 * 1024

/** Memory that is used again: each block begins where a page of memory does, as `O_DIRECT` wants it. */
export interface AlignedBlocks {
  /** A block of {@link blockBytes} bytes, with whatever it held before. */
  take(): Uint8Array
  /** Nobody else must have it any more. */
  giveBack(block: Uint8Array): void
}

/** Each memory takes 8 GiB of address space, however small it is; of a block, nothing until it is used. */
const atOnce = 32
/** Of a page of WebAssembly's memory, in bytes. */
const pageBytes = 65_536

/** No memory is taken before the first block is. */
export function createAlignedBlocks(): AlignedBlocks {
  const spare: Uint8Array[] = []
  return {
    take() {
      if (spare.length === 0) spare.push(...allocate())
      return spare.pop() as Uint8Array
    },
    giveBack(block) {
      spare.push(block)
    },
  }
}

/** Nothing else in JavaScript says where its memory lies. Where there is none of it, any memory will do. */
function allocate(): Uint8Array[] {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: (atOnce * blockBytes) / pageBytes })
    return Array.from(
      { length: atOnce },
      (_, index) => new Uint8Array(buffer, index * blockBytes, blockBytes),
    )
  } catch {
    return [new Uint8Array(blockBytes)]
  }
}
