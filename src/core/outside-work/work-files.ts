import type { Connection } from '../../database/database.ts'
import type { WorkFileRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { parseEncryption } from '../encryption/file-cipher.ts'
import { rewrapEncryption } from '../encryption/rewrap.ts'
import type { MadeFile } from '../jobs/download-jobs.ts'
import type { HeldJob } from '../jobs/jobs.ts'
import type { StoredBytes } from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'

/** Rows in one transaction. */
const BATCH = 200

/**
 * Notes a file of an attempt that is not over; one of the same name is replaced. Returns the object
 * key of the replaced one, to be removed after the change.
 */
export async function putWorkFile(
  change: Change,
  job: HeldJob,
  file: MadeFile,
): Promise<string | null> {
  const { name, mediaType, bytes } = file
  const known = await change.db
    .selectFrom('work_files')
    .select('object_key')
    .where('job_number', '=', job.number)
    .where('attempt', '=', job.attempt)
    .where('name', '=', name)
    .executeTakeFirst()
  const facts = {
    media_type: mediaType,
    object_key: bytes.objectKey,
    size: bytes.size,
    md5: bytes.md5,
    sha256: bytes.sha256,
    crc32: bytes.crc32,
    encryption: bytes.encryption,
    created_at: change.now,
  }
  await change.db
    .insertInto('work_files')
    .values({ job_number: job.number, attempt: job.attempt, name, ...facts })
    .onConflict((conflict) =>
      conflict.columns(['job_number', 'attempt', 'name']).doUpdateSet(facts),
    )
    .execute()
  return known?.object_key ?? null
}

/** How many files an attempt has put in. */
export async function countWorkFiles(db: Connection, job: HeldJob): Promise<number> {
  const { count } = await db
    .selectFrom('work_files')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('job_number', '=', job.number)
    .where('attempt', '=', job.attempt)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Takes the files of an attempt out of the table, in the order of their names: whoever calls shows or removes them. */
export async function takeWorkFiles(change: Change, job: HeldJob): Promise<MadeFile[]> {
  const rows = await change.db
    .deleteFrom('work_files')
    .where('job_number', '=', job.number)
    .where('attempt', '=', job.attempt)
    .returningAll()
    .execute()
  return rows.map(toMadeFile).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function toMadeFile(row: WorkFileRow): MadeFile {
  const bytes: StoredBytes = {
    objectKey: row.object_key,
    size: row.size,
    md5: row.md5,
    sha256: row.sha256,
    crc32: row.crc32,
    encryption: row.encryption,
  }
  return { name: row.name, mediaType: row.media_type, bytes }
}

/**
 * Wraps the data keys of files anew that are under a master key other than the first. Returns how
 * many were wrapped.
 */
export async function rewrapWorkFiles(core: Core, signal?: AbortSignal): Promise<number> {
  if (core.masterKeys.retiredIds.length === 0) return 0
  let wrapped = 0
  for (let after: WorkFileRow | null = null; !signal?.aborted; ) {
    const rows: WorkFileRow[] = await nextEncrypted(core.database.kysely, after)
    const old = rows.filter(({ encryption }) => keyOf(encryption) !== core.masterKeys.firstId)
    await transact(core, async (change) => {
      for (const row of old) await rewrapWorkFile(core, change, row)
    })
    wrapped += old.length
    after = rows.at(-1) ?? null
    if (rows.length < BATCH) break
  }
  return wrapped
}

async function nextEncrypted(db: Connection, after: WorkFileRow | null): Promise<WorkFileRow[]> {
  let rows = db
    .selectFrom('work_files')
    .selectAll()
    .where('encryption', 'is not', null)
    .orderBy('job_number')
    .orderBy('attempt')
    .orderBy('name')
    .limit(BATCH)
  if (after !== null) {
    rows = rows.where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('job_number', 'attempt', 'name'),
        '>',
        tuple(after.job_number, after.attempt, after.name),
      ),
    )
  }
  return await rows.execute()
}

function keyOf(encryption: string | null): string {
  return parseEncryption(encryption ?? '').keyId
}

/** One that was replaced meanwhile is left alone. */
async function rewrapWorkFile(core: Core, change: Change, row: WorkFileRow): Promise<void> {
  await change.db
    .updateTable('work_files')
    .set({ encryption: JSON.stringify(rewrapEncryption(core.masterKeys, row.encryption ?? '')) })
    .where('job_number', '=', row.job_number)
    .where('attempt', '=', row.attempt)
    .where('name', '=', row.name)
    .where('object_key', '=', row.object_key)
    .execute()
}

export interface LostWorkFiles {
  /** Only those of this delivery's jobs; all when it is left out. */
  deliveryNumber?: number
  signal?: AbortSignal | undefined
}

/**
 * Removes what attempts put in that can no longer end well: their job is over, was taken by another
 * worker, or is asked to stop. Returns how many files went.
 */
export async function removeLostWorkFiles(core: Core, which: LostWorkFiles = {}): Promise<number> {
  let removed = 0
  while (!which.signal?.aborted) {
    const keys = await transact(core, (change) => deleteLost(change, which.deliveryNumber))
    // The rows go first. Dies the server here, the objects are orphans, and the sweeper's.
    for (const key of keys) await core.store.remove(key)
    removed += keys.length
    if (keys.length < BATCH) break
  }
  return removed
}

async function deleteLost(change: Change, deliveryNumber: number | undefined): Promise<string[]> {
  let lost = change.db
    .selectFrom('work_files')
    .leftJoin('jobs', 'jobs.number', 'work_files.job_number')
    .select(['work_files.job_number', 'work_files.attempt', 'work_files.name'])
    .select('work_files.object_key')
    .where((where) =>
      where.or([
        where('jobs.number', 'is', null),
        where('jobs.state', '!=', 'running'),
        where('jobs.cancel_asked_at', 'is not', null),
        where('jobs.attempt', '!=', where.ref('work_files.attempt')),
      ]),
    )
    .limit(BATCH)
  if (deliveryNumber !== undefined) lost = lost.where('jobs.delivery_number', '=', deliveryNumber)
  const rows = await lost.execute()
  for (const row of rows) {
    await change.db
      .deleteFrom('work_files')
      .where('job_number', '=', row.job_number)
      .where('attempt', '=', row.attempt)
      .where('name', '=', row.name)
      .execute()
  }
  return rows.map((row) => row.object_key)
}
