import { crc32 } from 'node:zlib'
import type { ArchiveEntry, ArchiveFormatName } from '../../src/core/archives/archive-format.ts'
import { archiveFormats } from '../../src/core/archives/archive-formats.ts'
import type { EntryBytes } from '../../src/core/archives/entry-bytes.ts'
import { createLayout, type EntryBlock } from '../../src/core/archives/layout.ts'
import type { ReadableArchive } from '../../src/core/archives/read-archive.ts'

/** An entry with its bytes, or with zeros, which may be more than memory holds. */
export interface MemoryEntry extends ArchiveEntry {
  readonly bytes: Buffer | null
}

export const someTime = Date.UTC(2026, 0, 15, 12, 34, 56)

export function entryOf(name: string, bytes: Buffer): MemoryEntry {
  return { name, size: bytes.length, crc32: crc32(bytes), modifiedAt: someTime, bytes }
}

/** Chunks of this buffer are all zeros. */
export const zeros = Buffer.alloc(1024 * 1024)

/** So many zeros. */
export function sparseEntry(name: string, size: number): MemoryEntry {
  return { name, size, crc32: crc32OfZeros(size), modifiedAt: someTime, bytes: null }
}

/** CRC-32 of so many zero bytes, without making them: the register times x^8 to the power of the length. */
function crc32OfZeros(length: number): number {
  let register = 0xffffffff
  let power = 0x00800000
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) register = multiply(register, power)
    power = multiply(power, power)
  }
  return ~register >>> 0
}

/** Of polynomials over GF(2), reflected, modulo that of CRC-32. */
function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bit = 31; bit >= 0; bit -= 1) {
    if ((a >>> bit) & 1) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ 0xedb88320 : factor >>> 1
  }
  return product >>> 0
}

/** An archive of a list, with the steps that reading takes. */
export interface MemoryArchive extends ReadableArchive<MemoryEntry> {
  readonly lookUps: string[]
}

export function memoryArchive(
  formatName: ArchiveFormatName,
  entries: readonly MemoryEntry[],
  { blockSize = 3 } = {},
): MemoryArchive {
  const format = archiveFormats[formatName]
  const layout = createLayout(format)
  const blocks: EntryBlock<MemoryEntry>[] = []
  for (let start = 0; start < entries.length; start += blockSize) {
    blocks.push(layout.add(entries.slice(start, start + blockSize)))
  }
  const lookUps: string[] = []
  return {
    format,
    totals: layout.totals(),
    lookUps,
    async findBlock(offset) {
      lookUps.push(`block at ${offset}`)
      return blocks.findLast((block) => block.offset <= offset) ?? null
    },
    async findRecordBlock(offset) {
      lookUps.push(`records at ${offset}`)
      return blocks.findLast((block) => block.recordOffset <= offset) ?? null
    },
    open: async (opened) => opened.map(bytesOf),
  }
}

function bytesOf({ bytes }: MemoryEntry): EntryBytes {
  if (bytes === null) return { read: ({ start, end }) => zerosOf(end - start) }
  return {
    readWhole: (target, at) => void bytes.copy(target, at),
    async *read({ start, end }) {
      yield bytes.subarray(start, end)
    },
  }
}

async function* zerosOf(length: number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.length) {
    yield left < zeros.length ? zeros.subarray(0, left) : zeros
  }
}
