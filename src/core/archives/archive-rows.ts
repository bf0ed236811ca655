import type { ArchiveRow } from '../../database/archive-tables.ts'
import type { Connection } from '../../database/database.ts'
import { hotQuery } from '../../database/hot-query.ts'
import type { Core } from '../core.ts'
import { newId } from '../ids.ts'
import type { Change } from '../transact.ts'
import type { ArchiveFormatName, ArchiveTotals } from './archive-format.ts'
import type { EntryBlock } from './layout.ts'
import { formatEntries, parseEntries, type StoredEntry } from './stored-entry.ts'

const HOUR_MS = 3600 * 1000
/** So long an archive is kept after its last use, when the time of its files does not end before. */
const KEPT_MS = 7 * 24 * HOUR_MS
/** Opening a million files takes half a minute: what is not complete after an hour never will be. */
const ABANDONED_MS = HOUR_MS

/** All but the notice, which may be long. */
const columns = [
  'id',
  'organization_id',
  'account_id',
  'delivery_number',
  'format',
  'file_name',
  'fingerprint',
  'entries',
  'omitted',
  'directory_offset',
  'directory_size',
  'size',
  'created_at',
  'used_at',
  'ends_at',
  'expires_at',
  'completed_at',
] as const

export interface NewArchive {
  organizationId: string
  accountId: string
  /** The delivery that it shows; null for files of several. */
  deliveryNumber: number | null
  format: ArchiveFormatName
  fileName: string
}

/** Begins an archive: nobody sees it before `completeArchive`. */
export async function insertArchive(change: Change, archive: NewArchive): Promise<string> {
  const id = newId(change.now)
  await change.db
    .insertInto('archives')
    .values({
      id,
      organization_id: archive.organizationId,
      account_id: archive.accountId,
      delivery_number: archive.deliveryNumber,
      format: archive.format,
      file_name: archive.fileName,
      fingerprint: null,
      entries: 0,
      omitted: 0,
      directory_offset: 0,
      directory_size: 0,
      size: 0,
      notice: null,
      created_at: change.now,
      used_at: change.now,
      ends_at: null,
      expires_at: change.now + ABANDONED_MS,
      completed_at: null,
    })
    .execute()
  return id
}

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

export interface Completion {
  /** Of the list, so that the same list finds the same archive. */
  fingerprint: string
  totals: ArchiveTotals
  /** How many files could not be put in. */
  omitted: number
  /** The text of its last entry, when some could not. */
  notice: string | null
  /** When the time of the first of its files ends; null for never. */
  endsAt: number | null
}

/** Makes an archive visible. Has somebody else opened the same list meanwhile, theirs is returned and this one abandoned. */
export async function completeArchive(
  change: Change,
  id: string,
  { fingerprint, totals, omitted, notice, endsAt }: Completion,
): Promise<ArchiveRow> {
  const begun = await change.db
    .selectFrom('archives')
    .select('account_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const twin = await findTwin(change.db, {
    accountId: begun.account_id,
    fingerprint,
    now: change.now,
  })
  if (twin !== null) return twin
  return await change.db
    .updateTable('archives')
    .set({
      fingerprint,
      entries: totals.entries,
      omitted,
      directory_offset: totals.directoryOffset,
      directory_size: totals.directorySize,
      size: totals.size,
      notice,
      used_at: change.now,
      ends_at: endsAt,
      expires_at: expiryOf(endsAt, change.now),
      completed_at: change.now,
    })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
}

function expiryOf(endsAt: number | null, usedAt: number): number {
  return Math.min(endsAt ?? Number.MAX_SAFE_INTEGER, usedAt + KEPT_MS)
}

/** The account's archive of the same list, when there is one. */
export async function findTwin(
  db: Connection,
  { accountId, fingerprint, now }: { accountId: string; fingerprint: string; now: number },
): Promise<ArchiveRow | null> {
  const row = await db
    .selectFrom('archives')
    .select(columns)
    .where('account_id', '=', accountId)
    .where('fingerprint', '=', fingerprint)
    .where('expires_at', '>', now)
    .orderBy('id')
    .executeTakeFirst()
  return row ?? null
}

/** A complete archive whose time is not over. */
export async function findArchive(core: Core, id: string): Promise<ArchiveRow | null> {
  const [row] = await byId(core.database, [id])
  if (row === undefined || row.completed_at === null) return null
  return row.expires_at > core.database.now() ? row : null
}

const byId = hotQuery((db) =>
  db.selectFrom('archives').select(columns).where('id', '=', '').compile(),
)

/** The text of an archive's NOTICE.txt. */
export async function readNotice(core: Core, id: string): Promise<string> {
  const row = await core.database.kysely
    .selectFrom('archives')
    .select('notice')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.notice ?? ''
}

/** Notes that an archive is in use, which prolongs its time; at most once an hour. */
export async function touchArchive(core: Core, row: ArchiveRow): Promise<void> {
  const now = core.database.now()
  if (now - row.used_at < HOUR_MS) return
  await core.database.kysely
    .updateTable('archives')
    .set({ used_at: now, expires_at: expiryOf(row.ends_at, now) })
    .where('id', '=', row.id)
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

const byOffset = hotQuery((db) =>
  db
    .selectFrom('archive_entries')
    .select(['start_offset', 'record_offset', 'entries'])
    .where('archive_id', '=', '')
    .where('start_offset', '<=', 0)
    .orderBy('start_offset', 'desc')
    .limit(1)
    .compile(),
)

/** The last block whose records begin at or before a byte of the directory. */
export async function findRecordBlock(
  core: Core,
  archiveId: string,
  recordOffset: number,
): Promise<EntryBlock<StoredEntry> | null> {
  const [row] = await byRecordOffset(core.database, [archiveId, recordOffset, 1])
  return row === undefined ? null : toBlock(row)
}

const byRecordOffset = hotQuery((db) =>
  db
    .selectFrom('archive_entries')
    .select(['start_offset', 'record_offset', 'entries'])
    .where('archive_id', '=', '')
    .where('record_offset', '<=', 0)
    .orderBy('record_offset', 'desc')
    .limit(1)
    .compile(),
)

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

/** Archives end with the delivery that they show; their rows go with the next sweep. */
export async function endArchives(change: Change, deliveryNumber: number): Promise<void> {
  await change.db
    .updateTable('archives')
    .set({ expires_at: change.now, ends_at: change.now })
    .where('delivery_number', '=', deliveryNumber)
    .where('expires_at', '>', change.now)
    .execute()
}

/**
 * Deletes rows of archives whose time is over or that nobody has completed, at most `limit` rows at
 * once. Returns how many: fewer than `limit` means that all are gone.
 */
export async function deleteOldArchives(change: Change, limit: number): Promise<number> {
  const due = await change.db
    .selectFrom('archives')
    .select('id')
    .where('expires_at', '<=', change.now)
    .orderBy('expires_at')
    .executeTakeFirst()
  if (due === undefined) return 0
  const blocks = await change.db
    .selectFrom('archive_entries')
    .select('start_offset')
    .where('archive_id', '=', due.id)
    .orderBy('start_offset')
    .limit(limit)
    .execute()
  const last = blocks.at(-1)
  if (last !== undefined) {
    await change.db
      .deleteFrom('archive_entries')
      .where('archive_id', '=', due.id)
      .where('start_offset', '<=', last.start_offset)
      .execute()
  }
  if (blocks.length === limit) return limit
  await change.db.deleteFrom('archives').where('id', '=', due.id).execute()
  // There may be a next one: one more turn than needed does no harm.
  return limit
}
