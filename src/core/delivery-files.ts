import type { Connection } from '../database/database.ts'
import { hotQuery, unseen } from '../database/hot-query.ts'
import type { DeliveryFileRow, DeliveryFileState, DeliveryRow } from '../database/tables.ts'
import type { Core } from './core.ts'
import { findDeliveriesByNumber } from './deliveries.ts'
import { releaseStoredFiles, type StoredFileFacts } from './stored-files.ts'
import type { Change } from './transact.ts'

export interface NewDeliveryFile {
  deliveryNumber: number
  batch?: number
  /** As the customer sees it. */
  name: string
  mediaType: string
  state: DeliveryFileState
  storedFileId: string | null
  size: number | null
}

/** Gives a delivery files, at most 1,000 at a time, and returns their numbers in the same order. */
export async function insertDeliveryFiles(
  change: Change,
  files: readonly NewDeliveryFile[],
): Promise<number[]> {
  if (files.length === 0) return []
  const rows = await change.db
    .insertInto('delivery_files')
    .values(
      files.map((file) => ({
        delivery_number: file.deliveryNumber,
        batch: file.batch ?? 0,
        name: file.name,
        media_type: file.mediaType,
        state: file.state,
        stored_file_id: file.storedFileId,
        size: file.size,
        message: null,
        created_at: change.now,
        updated_at: change.now,
      })),
    )
    .returning('number')
    .execute()
  // Numbers are given in the order of the values; PostgreSQL returns the rows in any.
  return rows.map((row) => row.number).sort((a, b) => a - b)
}

export interface FileMove {
  from: DeliveryFileState
  to: DeliveryFileState
  /** Why it failed, for the customer. */
  message?: string
}

/**
 * Takes files to another state, at most 1,000 at a time, and returns the numbers of those that were
 * in the state they were expected in: the others are left alone.
 */
export async function moveDeliveryFiles(
  change: Change,
  numbers: readonly number[],
  move: FileMove,
): Promise<number[]> {
  if (numbers.length === 0) return []
  const rows = await change.db
    .updateTable('delivery_files')
    .set({ state: move.to, message: move.message ?? null, updated_at: change.now })
    .where('number', 'in', numbers)
    .where('state', '=', move.from)
    .returning('number')
    .execute()
  return rows.map((row) => row.number)
}

/** Gives a delivery one file, whose number is told. */
export async function insertDeliveryFile(
  change: Change,
  file: NewDeliveryFile,
): Promise<DeliveryFileRow> {
  const { deliveryNumber, batch, mediaType, storedFileId, ...same } = file
  return await change.db
    .insertInto('delivery_files')
    .values({
      ...same,
      delivery_number: deliveryNumber,
      batch: batch ?? 0,
      media_type: mediaType,
      stored_file_id: storedFileId,
      message: null,
      created_at: change.now,
      updated_at: change.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Gives a pending file its bytes; false when it is not pending (any more): then nothing is changed. */
export async function fillDeliveryFile(
  change: Change,
  number: number,
  stored: { id: string; size: number },
): Promise<boolean> {
  const row = await change.db
    .updateTable('delivery_files')
    .set({
      state: 'available',
      stored_file_id: stored.id,
      size: stored.size,
      updated_at: change.now,
    })
    .where('number', '=', number)
    .where('state', '=', 'pending')
    .returning('number')
    .executeTakeFirst()
  return row !== undefined
}

/** Gives a file other bytes, and lets the old ones go. */
export async function replaceBytes(
  change: Change,
  { number, replaced }: { number: number; replaced: string | null },
  stored: { id: string; size: number },
): Promise<void> {
  await change.db
    .updateTable('delivery_files')
    .set({ stored_file_id: stored.id, size: stored.size, updated_at: change.now })
    .where('number', '=', number)
    .execute()
  if (replaced !== null) await releaseStoredFiles(change, [replaced])
}

/** Says that a pending file will never have bytes. */
export async function failDeliveryFile(
  change: Change,
  number: number,
  message: string,
): Promise<void> {
  await change.db
    .updateTable('delivery_files')
    .set({ state: 'failed', message, updated_at: change.now })
    .where('number', '=', number)
    .where('state', '=', 'pending')
    .execute()
}

export interface FilesQuery {
  /** Only files with a greater number. */
  after?: number
  state?: DeliveryFileState
  /** At most 1,000. */
  limit: number
}

/** The next files of a delivery, in the order of their numbers. */
export async function listDeliveryFiles(
  db: Connection,
  deliveryNumber: number,
  query: FilesQuery,
): Promise<DeliveryFileRow[]> {
  let rows = db
    .selectFrom('delivery_files')
    .selectAll()
    .where('delivery_number', '=', deliveryNumber)
    .orderBy('number')
    .limit(Math.min(query.limit, 1000))
  if (query.after !== undefined) rows = rows.where('number', '>', query.after)
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  return rows.execute()
}

/** Files of an account's orders that show a stored file and wait to be picked up; at most 1,000. */
export async function findOwnAvailable(
  db: Connection,
  storedFileId: string,
  ownerId: string,
): Promise<number[]> {
  const rows = await db
    .selectFrom('delivery_files')
    .innerJoin('deliveries', 'deliveries.number', 'delivery_files.delivery_number')
    .select('delivery_files.number')
    .where('delivery_files.stored_file_id', '=', storedFileId)
    .where('delivery_files.state', '=', 'available')
    .where('deliveries.kind', '=', 'order')
    .where('deliveries.owner_id', '=', ownerId)
    .limit(1000)
    .execute()
  return rows.map((row) => row.number)
}

/** A file with the delivery it stands in, and its bytes when it has any. */
export interface FoundFile {
  file: DeliveryFileRow
  delivery: DeliveryRow
}

/** A file by its number, with its delivery; null when there is none. */
export async function findDeliveryFile(db: Connection, number: number): Promise<FoundFile | null> {
  return (await findDeliveryFiles(db, [number])).get(number) ?? null
}

/** So many numbers are bound to one statement. */
const NUMBERS = 1000

/** The files of these numbers that there are, by number. */
export async function findDeliveryFiles(
  db: Connection,
  numbers: readonly number[],
): Promise<Map<number, FoundFile>> {
  const found = new Map<number, FoundFile>()
  const deliveries = new Map<number, DeliveryRow>()
  for (let start = 0; start < numbers.length; start += NUMBERS) {
    const files = await db
      .selectFrom('delivery_files')
      .selectAll()
      .where('number', 'in', numbers.slice(start, start + NUMBERS))
      .execute()
    const unknown = new Set(files.map((file) => file.delivery_number)).difference(
      new Set(deliveries.keys()),
    )
    const rows = await findDeliveriesByNumber(db, [...unknown])
    for (const row of rows) deliveries.set(row.number, row)
    for (const file of files) {
      const delivery = deliveries.get(file.delivery_number)
      if (delivery !== undefined) found.set(file.number, { file, delivery })
    }
  }
  return found
}

/** The bytes behind a delivery's file; null when it has none (yet, or any more). */
export async function findBytes(core: Core, fileNumber: number): Promise<StoredFileFacts | null> {
  const [row] = await bytesOf(core.database, [fileNumber])
  return row ?? null
}

const bytesOf = hotQuery((db) =>
  db
    .selectFrom('delivery_files')
    .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select([
      'stored_files.object_key',
      'stored_files.size',
      'stored_files.media_type',
      'stored_files.md5',
      'stored_files.sha256',
      'stored_files.crc32',
      'stored_files.encryption',
      'stored_files.created_at',
    ])
    .where('delivery_files.number', '=', unseen(0))
    .compile(),
)

/**
 * Ends the time of a delivery's files: they stay listed as `expired`, their bytes are let go, at
 * most `limit` at once. Returns how many were let go; fewer than `limit` means that all are.
 */
export async function expireFiles(
  change: Change,
  deliveryNumber: number,
  limit: number,
): Promise<number> {
  const files = await change.db
    .selectFrom('delivery_files')
    .select('number')
    .where('delivery_number', '=', deliveryNumber)
    .where('state', '!=', 'expired')
    .orderBy('number')
    .limit(limit)
    .execute()
  await expireDeliveryFiles(
    change,
    files.map((file) => file.number),
  )
  return files.length
}

/** The same for these files, at most 1,000. */
export async function expireDeliveryFiles(
  change: Change,
  numbers: readonly number[],
): Promise<void> {
  if (numbers.length === 0) return
  const files = await change.db
    .selectFrom('delivery_files')
    .select('stored_file_id')
    .where('number', 'in', numbers)
    .execute()
  await change.db
    .updateTable('delivery_files')
    .set({ state: 'expired', stored_file_id: null, updated_at: change.now })
    .where('number', 'in', numbers)
    .execute()
  await releaseStoredFiles(
    change,
    files.flatMap((file) => (file.stored_file_id === null ? [] : [file.stored_file_id])),
  )
}
