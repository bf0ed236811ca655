import { hotQuery } from '../../database/hot-query.ts'
import type { Core } from '../core.ts'
import type { Change } from '../transact.ts'
import type { EntryBlock } from './layout.ts'
import { formatEntries, parseEntries, type StoredEntry } from './stored-entry.ts'

/** Stores entries; at most some ten blocks at a time. */
export async function insertBlocks(
  change: Change,
  archiveId: string,
  blocks: readonly EntryBlock<StoredEntry>[],
): Promise<void> {
  if (blocks.length === 0) return
  await change.db
    .insertInto('archive_entries')
    .values(
      blocks.map((block) => ({
        archive_id: archiveId,
        start_offset: block.offset,
        record_offset: block.recordOffset,
        entries: formatEntries(block.entries),
      })),
    )
    .execute()
}

/** The last block that begins at or before a byte of the archive: one look-up by the key. */
export async function findBlock(
  core: Core,
  archiveId: string,
  offset: number,
): Promise<EntryBlock<StoredEntry> | null> {
  const [row] = await byOffset(core.database, [archiveId, offset, 1])
  return row === undefined ? null : toBlock(row)
}

/** The last block whose records begin at or before a byte of the directory. */
export async function findRecordBlock(
  core: Core,
  archiveId: string,
  recordOffset: number,
): Promise<EntryBlock<StoredEntry> | null> {
  const [row] = await byRecordOffset(core.database, [archiveId, recordOffset, 1])
  return row === undefined ? null : toBlock(row)
}

const byOffset = lastUpTo('start_offset')
const byRecordOffset = lastUpTo('record_offset')

function lastUpTo(column: 'start_offset' | 'record_offset') {
  return hotQuery((db) =>
    db
      .selectFrom('archive_entries')
      .select(['start_offset', 'record_offset', 'entries'])
      .where('archive_id', '=', '')
      .where(column, '<=', 0)
      .orderBy(column, 'desc')
      .limit(1)
      .compile(),
  )
}

function toBlock(row: {
  start_offset: number
  record_offset: number
  entries: string
}): EntryBlock<StoredEntry> {
  return {
    offset: row.start_offset,
    recordOffset: row.record_offset,
    entries: parseEntries(row.entries),
  }
}

/** Deletes blocks of an archive, at most so many, and returns how many there were to delete. */
export async function deleteBlocks(
  change: Change,
  archiveId: string,
  limit: number,
): Promise<number> {
  const blocks = await change.db
    .selectFrom('archive_entries')
    .select('start_offset')
    .where('archive_id', '=', archiveId)
    .orderBy('start_offset')
    .limit(limit)
    .execute()
  const last = blocks.at(-1)
  if (last === undefined) return 0
  await change.db
    .deleteFrom('archive_entries')
    .where('archive_id', '=', archiveId)
    .where('start_offset', '<=', last.start_offset)
    .execute()
  return blocks.length
}
