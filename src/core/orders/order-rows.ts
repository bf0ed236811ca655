import type { Connection } from '../../database/database.ts'
import { hotStatement } from '../../database/hot-query.ts'
import type { OrderRow } from '../../database/order-tables.ts'
import { DeliveryError } from '../errors.ts'
import type { Change } from '../transact.ts'

/** How an order's counters change; what is not named stays. */
export type OrderGrowth = Partial<
  Record<'files' | 'bytes' | 'treated_bytes' | 'available' | 'delivered' | 'failed', number>
>

/** What `insertOrder` is given; the counters begin at 0. */
export type NewOrderRow = Pick<
  OrderRow,
  'delivery_number' | 'owner_id' | 'label' | 'correlation_id' | 'request' | 'fill_until'
>

/** Writes an order that has no files yet. */
export async function insertOrder(change: Change, row: NewOrderRow): Promise<OrderRow> {
  const nothing = { files: 0, bytes: 0, treated_bytes: 0, available: 0, delivered: 0, failed: 0 }
  return await change.db
    .insertInto('orders')
    .values({
      ...row,
      ...nothing,
      fill_product: 0,
      fill_file: 0,
      deleted_at: null,
      removed_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** @throws DeliveryError `not_found` */
export async function demandOrder(db: Connection, number: number): Promise<OrderRow> {
  const [row] = await byNumber(db, [number])
  if (row === undefined) throw new DeliveryError('not_found', 'There is no order with this id.')
  return row
}

const byNumber = hotStatement((db) =>
  db.selectFrom('orders').selectAll().where('delivery_number', '=', 0).compile(),
)

/** Adds to an order's counters and returns it as it is then. */
export async function addToOrder(
  change: Change,
  number: number,
  growth: OrderGrowth,
): Promise<OrderRow> {
  return await change.db
    .updateTable('orders')
    .set((eb) => ({
      files: eb('files', '+', growth.files ?? 0),
      bytes: eb('bytes', '+', growth.bytes ?? 0),
      treated_bytes: eb('treated_bytes', '+', growth.treated_bytes ?? 0),
      available: eb('available', '+', growth.available ?? 0),
      delivered: eb('delivered', '+', growth.delivered ?? 0),
      failed: eb('failed', '+', growth.failed ?? 0),
    }))
    .where('delivery_number', '=', number)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Notes how far the filling of an order has come. */
export async function saveFill(
  change: Change,
  number: number,
  fill: Pick<OrderRow, 'fill_product' | 'fill_file' | 'fill_until'>,
): Promise<void> {
  await change.db.updateTable('orders').set(fill).where('delivery_number', '=', number).execute()
}

/** Nothing of the order is available any more: its files are gone. */
export async function emptyOrder(change: Change, number: number): Promise<void> {
  await change.db
    .updateTable('orders')
    .set({ available: 0 })
    .where('delivery_number', '=', number)
    .execute()
}

/** Marks an order as deleted, or as removed from the list. */
export async function markOrder(
  change: Change,
  number: number,
  mark: 'deleted_at' | 'removed_at',
): Promise<void> {
  await change.db
    .updateTable('orders')
    .set({ [mark]: change.now })
    .where('delivery_number', '=', number)
    .execute()
}

/** An account's orders, oldest first, without the removed ones; `total` counts all of them. */
export async function pageOrders(
  db: Connection,
  ownerId: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ rows: OrderRow[]; total: number }> {
  const own = db
    .selectFrom('orders')
    .where('owner_id', '=', ownerId)
    .where('removed_at', 'is', null)
  const rows = await own
    .selectAll()
    .orderBy('delivery_number')
    .offset(offset)
    .limit(limit)
    .execute()
  const { total } = await own
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return { rows, total: Number(total) }
}
