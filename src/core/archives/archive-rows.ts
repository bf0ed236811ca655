import type { ArchiveRow } from '../../database/archive-tables.ts'
import type { Connection } from '../../database/database.ts'
import { hotQuery } from '../../database/hot-query.ts'
import type { Core } from '../core.ts'
import { newId } from '../ids.ts'
import { type Change, transact } from '../transact.ts'
import type { ArchiveFormatName, ArchiveTotals } from './archive-format.ts'
import { deleteBlocks } from './entry-blocks.ts'

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
  'sha256',
  'permissions',
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
      sha256: null,
      permissions: null,
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

export interface Completion {
  /** Of the list, so that the same list finds the same archive. */
  fingerprint: string
  totals: ArchiveTotals
  /** How many files could not be put in. */
  omitted: number
  /** What its files ask for. */
  needs: ReadonlySet<string>
  /** The text of its last entry, when some could not. */
  notice: string | null
  /** When the time of the first of its files ends; null for never. */
  endsAt: number | null
}

/** Makes an archive visible. Has somebody else opened the same list meanwhile, theirs is returned and this one abandoned. */
export async function completeArchive(
  change: Change,
  id: string,
  { fingerprint, totals, omitted, needs, notice, endsAt }: Completion,
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
      permissions: permissionsText(needs),
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

function permissionsText(needs: ReadonlySet<string>): string {
  return JSON.stringify([...needs].sort())
}

/** Notes what an archive's files ask for, where that was not known yet or has changed since. */
export async function noteNeeds(
  core: Core,
  row: ArchiveRow,
  needs: ReadonlySet<string>,
): Promise<ArchiveRow> {
  const permissions = permissionsText(needs)
  if (row.permissions === permissions) return row
  await transact(core, async (change) => {
    await change.db.updateTable('archives').set({ permissions }).where('id', '=', row.id).execute()
    change.signal('grant')
  })
  return { ...row, permissions }
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

/**
 * Keeps what an archive's bytes were found to be. Its bytes never change, and so this does not: who
 * finds out second changes nothing.
 * @param sha256 in lower-case hex
 */
export async function keepSha256(core: Core, id: string, sha256: string): Promise<void> {
  await core.database.kysely
    .updateTable('archives')
    .set({ sha256 })
    .where('id', '=', id)
    .where('sha256', 'is', null)
    .execute()
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
  if ((await deleteBlocks(change, due.id, limit)) === limit) return limit
  await change.db.deleteFrom('archives').where('id', '=', due.id).execute()
  // There may be a next one: one more turn than needed does no harm.
  return limit
}
