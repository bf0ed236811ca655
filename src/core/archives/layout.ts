import type { ArchiveEntry, ArchiveFormat, ArchiveTotals } from './archive-format.ts'

/** Entries that follow each other, and where the first of them lies: what one look-up finds. */
export interface EntryBlock<Entry extends ArchiveEntry = ArchiveEntry> {
  /** Of the first entry's header, in the archive. */
  readonly offset: number
  /** Of the first entry's record, in the directory. */
  readonly recordOffset: number
  readonly entries: readonly Entry[]
}

/** An entry's place in an archive, header to padding. */
export interface Placed<Entry extends ArchiveEntry = ArchiveEntry> {
  readonly entry: Entry
  readonly offset: number
  readonly dataOffset: number
  /** Where the data end and the padding begins. */
  readonly dataEnd: number
  readonly end: number
}

/** Places entries one behind the other; blocks come out in the order in which they are added. */
export interface Layout {
  add<Entry extends ArchiveEntry>(entries: readonly Entry[]): EntryBlock<Entry>
  totals(): ArchiveTotals
}

/** A layout of no entries yet: where each lies is a function of the format and those before it. */
export function createLayout(format: ArchiveFormat): Layout {
  let offset = 0
  let recordOffset = 0
  let count = 0
  return {
    add(entries) {
      const block = { offset, recordOffset, entries }
      for (const entry of entries) {
        recordOffset += format.recordLength(entry, offset)
        offset += format.headerLength(entry) + entry.size + format.paddingLength(entry.size)
      }
      count += entries.length
      return block
    },
    totals() {
      const parts = { entries: count, directoryOffset: offset, directorySize: recordOffset }
      return { ...parts, size: offset + recordOffset + format.trailer(parts).length }
    },
  }
}

/** Where each entry of a block lies. */
export function placeEntries<Entry extends ArchiveEntry>(
  format: ArchiveFormat,
  block: EntryBlock<Entry>,
): Placed<Entry>[] {
  let offset = block.offset
  return block.entries.map((entry) => {
    const dataOffset = offset + format.headerLength(entry)
    const dataEnd = dataOffset + entry.size
    const end = dataEnd + format.paddingLength(entry.size)
    const placed = { entry, offset, dataOffset, dataEnd, end }
    offset = end
    return placed
  })
}
