import { crc32 } from 'node:zlib'
import type { ArchiveEntry } from './archive-format.ts'
import { type EntryBytes, SMALL_BYTES } from './entry-bytes.ts'

/**
 * The bytes of some entries, of which those of long ones throw, too, when they are read whole and are
 * not what came in. Short ones are held against their CRC-32 wherever they are read; of long ones it
 * would take a third of the speed.
 */
export function checkedBytes(
  entries: readonly ArchiveEntry[],
  files: readonly EntryBytes[],
): readonly EntryBytes[] {
  return files.map((file, index) => {
    const entry = entries[index]
    return entry === undefined || entry.size <= SMALL_BYTES ? file : checkedFile(entry, file)
  })
}

function checkedFile(entry: ArchiveEntry, file: EntryBytes): EntryBytes {
  return {
    async *read(span, signal) {
      let value = 0
      for await (const chunk of file.read(span, signal)) {
        value = crc32(chunk, value)
        yield chunk
      }
      if (span.end - span.start === entry.size) demandCrc32(entry, value)
    },
  }
}

/** @throws Error when a value is not the CRC-32 of what came in */
export function demandCrc32(entry: ArchiveEntry, value: number): void {
  if (value === entry.crc32) return
  throw new Error(
    `The bytes of "${entry.name}" are not those that came in: it has changed or is damaged.`,
  )
}
