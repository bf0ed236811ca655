import type { ArchiveRow } from '../../database/archive-tables.ts'
import type { ByteSpan, Content } from '../content.ts'
import type { Core } from '../core.ts'
import type { Taken } from '../pickups.ts'
import type { ArchiveFormatName } from './archive-format.ts'
import { archiveFormats } from './archive-formats.ts'
import { checkedBytes } from './checked-bytes.ts'
import { findBlock, findRecordBlock } from './entry-blocks.ts'
import { filesInSpan } from './files-in-span.ts'
import { openEntries } from './open-entries.ts'
import { readArchive } from './read-archive.ts'
import type { StoredEntry } from './stored-entry.ts'

/** An archive that can be sent, whole or any part of it, on any node. */
export interface Archive {
  readonly id: string
  /** For `grantArchive`. */
  readonly row: ArchiveRow
  /** With its extension. */
  readonly fileName: string
  readonly format: ArchiveFormatName
  readonly content: Content
  /** All of its bytes, each file held against its CRC-32, also a long one: what a digest may be taken of. */
  readChecked(signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** How many files are in it, the notice not counted. */
  readonly files: number
  /** How many could not be put in; NOTICE.txt names them. */
  readonly omitted: number
  /** In ms since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
  /** Whose bytes a span of it is made of, some hundred files at a time: for `PickupRecorder.noteAll`. */
  taken(span: ByteSpan, taker: Taker): AsyncIterable<readonly Taken[]>
}

/** Who takes an archive's files. */
export type Taker = Omit<Taken, 'fileNumber' | 'span'>

/** An archive by its row. */
export function archiveOf(core: Core, row: ArchiveRow): Archive {
  const format = archiveFormats[row.format]
  const readable = {
    format,
    totals: {
      entries: row.entries,
      directoryOffset: row.directory_offset,
      directorySize: row.directory_size,
      size: row.size,
    },
    findBlock: (offset: number) => findBlock(core, row.id, offset),
    findRecordBlock: (offset: number) => findRecordBlock(core, row.id, offset),
    open: openEntries.bind(null, core, row.id),
  }
  const checked = {
    ...readable,
    open: async (entries: readonly StoredEntry[]) =>
      checkedBytes(entries, await readable.open(entries)),
  }
  return {
    id: row.id,
    row,
    fileName: row.file_name,
    format: row.format,
    content: {
      size: row.size,
      mediaType: format.mediaType,
      etag: `"${row.format}-${row.id}"`,
      lastModified: new Date(row.created_at),
      digests: row.sha256 === null ? {} : { sha256: row.sha256 },
      read: (span, signal) => readArchive(readable, span, signal),
    },
    readChecked: (signal) => readArchive(checked, { start: 0, end: row.size }, signal),
    files: row.entries - (row.omitted > 0 ? 1 : 0),
    omitted: row.omitted,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    async *taken(span, taker) {
      for await (const files of filesInSpan(readable, span)) {
        yield files.map((file) => ({ ...taker, ...file }))
      }
    },
  }
}

/** The id of the archive that an entity tag (with its quotes) names; `null` when it is not one of ours. */
export function archiveIdOf(tag: string, format: ArchiveFormatName): string | null {
  const match = /^"(zip|tar)-([0-9a-z]{26})"$/.exec(tag)
  return match?.[1] === format ? (match[2] ?? null) : null
}
