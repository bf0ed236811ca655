import { sql } from 'kysely'
import type { Connection, Database } from '../../database/database.ts'
import { hotQuery, unseen } from '../../database/hot-query.ts'
import type { OrderDatasetRow, OrderFileRow } from '../../database/order-tables.ts'
import type { DeliveryFileRow } from '../../database/tables.ts'
import type { Change } from '../transact.ts'
import { countBefore, findAvailable } from './order-counts.ts'

/** A file of an order, with what every delivery file has. */
export type FileOfOrder = OrderFileRow &
  Pick<DeliveryFileRow, 'name' | 'media_type' | 'state' | 'stored_file_id' | 'message'>

/** Gives an order files, at most 1,000 at a time. */
export async function insertOrderFiles(
  change: Change,
  rows: readonly OrderFileRow[],
): Promise<void> {
  if (rows.length === 0) return
  // PostgreSQL takes 65,535 values in one statement, SQLite 32,766.
  for (let from = 0; from < rows.length; from += 500) {
    await change.db
      .insertInto('order_files')
      .values(rows.slice(from, from + 500))
      .execute()
  }
}

/** The part of an order that comes from a dataset; made when it is not there yet. */
export async function openDataset(
  change: Change,
  orderNumber: number,
  { dataset, label }: { dataset: string; label: string },
): Promise<OrderDatasetRow> {
  const known = await change.db
    .selectFrom('order_datasets')
    .selectAll()
    .where('order_number', '=', orderNumber)
    .where('dataset', '=', dataset)
    .executeTakeFirst()
  if (known !== undefined) return known
  return await change.db
    .insertInto('order_datasets')
    .values({ order_number: orderNumber, dataset, label, objects: 0, files: 0, bytes: 0 })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Notes what a dataset's part of an order has grown to. */
export async function saveDataset(change: Change, row: OrderDatasetRow): Promise<void> {
  const { number, objects, files, bytes } = row
  await change.db
    .updateTable('order_datasets')
    .set({ objects, files, bytes })
    .where('number', '=', number)
    .execute()
}

/** Notes that a file of a dataset's part has so many bytes more than it was published with. */
export async function growDataset(change: Change, number: number, growth: number): Promise<void> {
  await change.db
    .updateTable('order_datasets')
    .set((eb) => ({ bytes: eb('bytes', '+', growth) }))
    .where('number', '=', number)
    .execute()
}

/** Notes what a file of an order is now. */
export async function saveFileFacts(
  change: Change,
  number: number,
  { md5, size }: Pick<OrderFileRow, 'md5' | 'size'>,
): Promise<void> {
  await change.db
    .updateTable('order_files')
    .set({ md5, size })
    .where('file_number', '=', number)
    .execute()
}

/** The datasets of orders, in the order in which they were met. */
export async function listDatasets(
  db: Connection,
  orderNumbers: readonly number[],
): Promise<OrderDatasetRow[]> {
  if (orderNumbers.length === 0) return []
  return await db
    .selectFrom('order_datasets')
    .selectAll()
    .where('order_number', 'in', orderNumbers)
    .orderBy('number')
    .execute()
}

/** A dataset's part of an order; null when the order has none with this number. */
export async function findDataset(
  db: Connection,
  orderNumber: number,
  number: number,
): Promise<OrderDatasetRow | null> {
  const row = await db
    .selectFrom('order_datasets')
    .selectAll()
    .where('number', '=', number)
    .where('order_number', '=', orderNumber)
    .executeTakeFirst()
  return row ?? null
}

/** A file by its number; null when it is of no order. */
export async function findOrderFile(db: Connection, number: number): Promise<FileOfOrder | null> {
  const row = await joined(db).where('order_files.file_number', '=', number).executeTakeFirst()
  return row ?? null
}

/** A product's file that is prepared in an order of the account and can still be had; null for none. */
export async function findHeldFile(
  db: Connection,
  ownerId: string,
  { urn, md5 }: { urn: string; md5: string },
): Promise<FileOfOrder | null> {
  const row = await joined(db)
    .innerJoin('deliveries', 'deliveries.number', 'order_files.order_number')
    .where('order_files.urn', '=', urn)
    .where('order_files.md5', '=', md5)
    .where('deliveries.owner_id', '=', ownerId)
    .where('deliveries.state', 'not in', ['canceled', 'expired'])
    .where('delivery_files.state', 'in', ['available', 'delivered'])
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** Those of the numbers that are files of orders; at most 1,000. */
export async function findOrderFiles(
  db: Connection,
  numbers: readonly number[],
): Promise<FileOfOrder[]> {
  if (numbers.length === 0) return []
  return await joined(db).where('order_files.file_number', 'in', numbers).execute()
}

interface Stretch {
  from: number
  limit: number
}

/** Files of an order from a position on, in order, whatever their state. */
export async function listOrderFiles(
  db: Connection,
  orderNumber: number,
  stretch: Stretch,
): Promise<FileOfOrder[]> {
  return await inStretch(db, orderNumber, stretch).execute()
}

/** The same with the SHA-256 of the bytes, null where they are gone. */
export async function listOrderFilesWithDigest(
  db: Connection,
  orderNumber: number,
  stretch: Stretch,
): Promise<(FileOfOrder & { sha256: string | null })[]> {
  return await inStretch(db, orderNumber, stretch)
    .leftJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select('stored_files.sha256')
    .execute()
}

function inStretch(db: Connection, orderNumber: number, { from, limit }: Stretch) {
  return joined(db)
    .where('order_files.order_number', '=', orderNumber)
    .where('order_files.position', '>=', from)
    .where('order_files.position', '<', from + limit)
    .orderBy('order_files.position')
}

/** Files of a dataset's part of an order, in order, whatever their state. */
export async function listDatasetFiles(
  db: Connection,
  datasetNumber: number,
  { offset, limit }: { offset: number; limit: number },
): Promise<FileOfOrder[]> {
  return await joined(db)
    .where('order_files.dataset_number', '=', datasetNumber)
    .where('order_files.dataset_position', '>=', offset)
    .where('order_files.dataset_position', '<', offset + limit)
    .orderBy('order_files.dataset_position')
    .execute()
}

/**
 * Available files of an order, in the order of their numbers, from the `offset`-th on. A page deep
 * in the list is found by counts, and costs what the first one costs.
 */
export async function listAvailableFiles(
  database: Database,
  orderNumber: number,
  { offset, limit }: { offset: number; limit: number },
): Promise<FileOfOrder[]> {
  const place = await findAvailable(database, orderNumber, offset)
  if (place === null) return []
  const { position, skip } = place
  const rows = await availableFrom(database, [orderNumber, orderNumber, position, skip + limit])
  return rows.slice(skip)
}

const availableFrom = hotQuery((db) =>
  joined(db)
    .where('delivery_files.delivery_number', '=', unseen(0))
    .where('delivery_files.state', '=', sql.lit('available'))
    .where('delivery_files.number', '>=', (eb) =>
      eb
        .selectFrom('order_files as first')
        .select('first.file_number')
        .where('first.order_number', '=', unseen(0))
        .where('first.position', '=', unseen(0)),
    )
    .orderBy('delivery_files.number')
    .limit(unseen(0))
    .compile(),
)

/** How many available files of an order come before a position. */
export async function countAvailableBefore(
  database: Database,
  orderNumber: number,
  position: number,
): Promise<number> {
  const { available, from } = await countBefore(database, orderNumber, position)
  if (from === position) return available
  const rows = await listOrderFiles(database.kysely, orderNumber, { from, limit: position - from })
  return available + rows.filter((row) => row.state === 'available').length
}

function joined(db: Connection) {
  return db
    .selectFrom('order_files')
    .innerJoin('delivery_files', 'delivery_files.number', 'order_files.file_number')
    .selectAll('order_files')
    .select([
      'delivery_files.name',
      'delivery_files.media_type',
      'delivery_files.state',
      'delivery_files.stored_file_id',
      'delivery_files.message',
    ])
}
