/** One file of an archive, with everything that decides its bytes around the file's own. */
export interface ArchiveEntry {
  /** Final and safe (`NameRegister`); `/` separates folders. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  readonly crc32: number
  /** In ms since the epoch. */
  readonly modifiedAt: number
}

/** Where the parts of an archive lie: entries from 0, the directory behind them, the trailer last. */
export interface ArchiveTotals {
  readonly entries: number
  readonly directoryOffset: number
  readonly directorySize: number
  /** Of the whole archive. */
  readonly size: number
}

export type ArchiveFormatName = 'zip' | 'tar'

/**
 * The bytes of a format, as pure functions of an entry and its offset. An archive is: for each entry
 * its header, its data and its padding; then a record for each entry; then the trailer.
 */
export interface ArchiveFormat {
  readonly name: ArchiveFormatName
  readonly mediaType: string
  header(entry: ArchiveEntry): Buffer
  /** The length of `header(entry)`, without making it. */
  headerLength(entry: ArchiveEntry): number
  /** How many zero bytes follow the data. */
  paddingLength(size: number): number
  /** @param offset of the entry's header in the archive */
  record(entry: ArchiveEntry, offset: number): Buffer
  /** The length of `record(entry, offset)`, without making it; 0 where a format has no directory. */
  recordLength(entry: ArchiveEntry, offset: number): number
  trailer(totals: Omit<ArchiveTotals, 'size'>): Buffer
}
