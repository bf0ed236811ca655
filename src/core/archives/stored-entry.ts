import type { ArchiveEntry } from './archive-format.ts'

/** An entry as it is stored: its place among the files of deliveries besides its place in the archive. */
export interface StoredEntry extends ArchiveEntry {
  /** The delivery file; null for the notice. */
  readonly fileNumber: number | null
  readonly storedFileId: string | null
}

type EntryTuple = [string, number, number, number, number | null, string | null]

/** Many entries in one text: reading a row costs more than parsing an entry (a million: 8,000 rows). */
export function formatEntries(entries: readonly StoredEntry[]): string {
  return JSON.stringify(
    entries.map(
      ({ name, size, crc32, modifiedAt, fileNumber, storedFileId }): EntryTuple => [
        name,
        size,
        crc32,
        modifiedAt,
        fileNumber,
        storedFileId,
      ],
    ),
  )
}

/** @param text written by `formatEntries` */
export function parseEntries(text: string): StoredEntry[] {
  const tuples = JSON.parse(text) as EntryTuple[]
  return tuples.map(([name, size, crc32, modifiedAt, fileNumber, storedFileId]) => ({
    name,
    size,
    crc32,
    modifiedAt,
    fileNumber,
    storedFileId,
  }))
}
