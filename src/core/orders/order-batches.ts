import type { Connection } from '../../database/database.ts'
import type { OrderBatchRow } from '../../database/order-tables.ts'
import type { Core } from '../core.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import type { Change } from '../transact.ts'

/** The kind of job that prepares a sub-order. */
export const ORDER_BATCH_JOB = 'order-batch'

/** Opens an order's next sub-order, which takes in files until it is closed. */
export async function openBatch(
  change: Change,
  batch: Pick<OrderBatchRow, 'order_number' | 'owner_id' | 'position' | 'first_position'>,
): Promise<OrderBatchRow> {
  return await change.db
    .insertInto('order_batches')
    .values({ ...batch, state: 'filling', files: 0, bytes: 0, pending: 0, available: 0 })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Notes what a sub-order that is being filled has grown to, and whether it is closed. */
export async function saveBatch(change: Change, row: OrderBatchRow): Promise<void> {
  const { number, state, files, bytes, pending } = row
  await change.db
    .updateTable('order_batches')
    .set({ state, files, bytes, pending })
    .where('number', '=', number)
    .execute()
}

/** Notes that a file of a sub-order has so many bytes more than it was published with. */
export async function growBatch(change: Change, number: number, growth: number): Promise<void> {
  await change.db
    .updateTable('order_batches')
    .set((eb) => ({ bytes: eb('bytes', '+', growth) }))
    .where('number', '=', number)
    .execute()
}

/** An order's newest sub-order; null when it has none yet. */
export async function lastBatch(
  db: Connection,
  orderNumber: number,
): Promise<OrderBatchRow | null> {
  const row = await db
    .selectFrom('order_batches')
    .selectAll()
    .where('order_number', '=', orderNumber)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** A sub-order by its number; null when there is none. */
export async function findBatch(db: Connection, number: number): Promise<OrderBatchRow | null> {
  const row = await db
    .selectFrom('order_batches')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst()
  return row ?? null
}

/** Of the given orders, those of which a sub-order waits to be picked up. */
export async function ordersToPickUp(
  db: Connection,
  orderNumbers: readonly number[],
): Promise<Set<number>> {
  if (orderNumbers.length === 0) return new Set()
  const rows = await db
    .selectFrom('order_batches')
    .select('order_number')
    .distinct()
    .where('order_number', 'in', orderNumbers)
    .where('state', '=', 'ready')
    .execute()
  return new Set(rows.map((row) => row.order_number))
}

/** Is a sub-order of this order being prepared? */
export async function isPreparing(db: Connection, orderNumber: number): Promise<boolean> {
  const row = await db
    .selectFrom('order_batches')
    .select('number')
    .where('order_number', '=', orderNumber)
    .where('state', '=', 'preparing')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Counts files of a sub-order that have changed. It is `ready` when nothing is pending and something
 * waits to be picked up, and `over` when nothing is pending or available.
 */
export async function countInBatch(
  change: Change,
  number: number,
  delta: { pending: number; available: number },
): Promise<OrderBatchRow> {
  const row = await change.db
    .updateTable('order_batches')
    .set((eb) => ({
      pending: eb('pending', '+', delta.pending),
      available: eb('available', '+', delta.available),
    }))
    .where('number', '=', number)
    .returningAll()
    .executeTakeFirstOrThrow()
  if (row.pending > 0 || (row.state !== 'preparing' && row.state !== 'ready')) return row
  const state = row.available > 0 ? 'ready' : 'over'
  await change.db.updateTable('order_batches').set({ state }).where('number', '=', number).execute()
  return { ...row, state }
}

/** Sub-orders that are being prepared wait for their turn again, and those with something to prepare anew. */
export async function requeueBatches(change: Change, orderNumber: number): Promise<void> {
  await change.db
    .updateTable('order_batches')
    .set({ state: 'waiting' })
    .where('order_number', '=', orderNumber)
    .where('state', 'in', ['preparing', 'ready', 'over'])
    .where('pending', '>', 0)
    .execute()
}

/** Ends all sub-orders of an order whose files are gone. */
export async function endBatches(change: Change, orderNumber: number): Promise<void> {
  await change.db
    .updateTable('order_batches')
    .set({ state: 'over', pending: 0, available: 0 })
    .where('order_number', '=', orderNumber)
    .execute()
}

/**
 * Starts the sub-orders of an account whose turn it is, the oldest order's first: as long as fewer
 * than the setting says are prepared or wait to be picked up. Behind `holdAccount`.
 */
export async function startBatches(core: Core, change: Change, ownerId: string): Promise<void> {
  let free = core.settings.orderBatchesAtOnce - (await countBusy(change.db, ownerId))
  while (free > 0) {
    const batch = await nextWaiting(change.db, ownerId)
    if (batch === null) return
    await change.db
      .updateTable('order_batches')
      .set({ state: 'preparing' })
      .where('number', '=', batch.number)
      .execute()
    await enqueueJob(change, {
      kind: ORDER_BATCH_JOB,
      queue: 'local',
      organizationId: batch.organization_id,
      accountId: ownerId,
      deliveryNumber: batch.order_number,
      payload: { batch: batch.number },
      maxAttempts: 5,
    })
    free -= 1
  }
}

async function countBusy(db: Connection, ownerId: string): Promise<number> {
  const { busy } = await db
    .selectFrom('order_batches')
    .select((eb) => eb.fn.countAll<number>().as('busy'))
    .where('owner_id', '=', ownerId)
    .where('state', 'in', ['preparing', 'ready'])
    .executeTakeFirstOrThrow()
  return Number(busy)
}

async function nextWaiting(
  db: Connection,
  ownerId: string,
): Promise<{ number: number; order_number: number; organization_id: string } | null> {
  const row = await db
    .selectFrom('order_batches')
    .innerJoin('deliveries', 'deliveries.number', 'order_batches.order_number')
    .select(['order_batches.number', 'order_batches.order_number', 'deliveries.organization_id'])
    .where('order_batches.owner_id', '=', ownerId)
    .where('order_batches.state', '=', 'waiting')
    .where('deliveries.state', 'in', ['pending', 'running'])
    .orderBy('order_batches.order_number')
    .orderBy('order_batches.position')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}
