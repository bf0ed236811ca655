import type { Selectable } from 'kysely'

/** An archive: a list of files as it was when it was opened, so that the same bytes can be sent again. */
export interface ArchivesTable {
  id: string
  organization_id: string
  /** Who opened it: nobody else finds it by its entity tag. */
  account_id: string
  /** The delivery that it shows; null for files of several. */
  delivery_number: number | null
  format: 'zip' | 'tar'
  file_name: string
  /** SHA-256 of the list and the format, by which the same list finds it again; null while it is being written. */
  fingerprint: string | null
  entries: number
  /** How many files could not be put in. */
  omitted: number
  /** Where the directory begins: as many bytes all entries have. */
  directory_offset: number
  directory_size: number
  /** Of the whole, in bytes. */
  size: number
  /** Of its bytes, in lower-case hex; null until somebody has asked for it and all of them were read. */
  sha256: string | null
  /** JSON array of the permissions that its files ask for; null in those from before version 17. */
  permissions: string | null
  /** The text of its NOTICE.txt; null when nothing is left out. */
  notice: string | null
  created_at: number
  used_at: number
  /** When the time of the first of its files ends; null for never. */
  ends_at: number | null
  /** Seven days after its last use, or `ends_at` when that comes before; soon while it is being written. */
  expires_at: number
  /** Null while it is being written. */
  completed_at: number | null
}

/** Some entries that follow each other. */
export interface ArchiveEntriesTable {
  archive_id: string
  /** Of the first entry's header in the archive. */
  start_offset: number
  /** Of the first entry's record in the directory. */
  record_offset: number
  /** JSON array of `[name, size, crc32, modified at, file number, stored file id]`. */
  entries: string
}

export type ArchiveRow = Omit<Selectable<ArchivesTable>, 'notice'>
