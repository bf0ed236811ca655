import { counted } from '../../counted.ts'
import type { OrderRow } from '../../database/order-tables.ts'
import type { DeliveryFileState, DeliveryState } from '../../database/tables.ts'
import { holdAccount } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, moveDelivery, noteProgress } from '../deliveries.ts'
import { type FileMove, moveDeliveryFiles } from '../delivery-files.ts'
import { isOver } from '../delivery-state.ts'
import type { Change } from '../transact.ts'
import { countInBatch, endBatches, startBatches } from './order-batches.ts'
import { addCounts, clearCounts } from './order-counts.ts'
import { type FileOfOrder, findOrderFiles } from './order-files.ts'
import { addToOrder, demandOrder, emptyOrder } from './order-rows.ts'

/**
 * Moves files of one order and all that follows from it, in one transaction: the counters, the
 * sub-orders' states, the order's own end, and the next sub-orders whose turn it is. At most 1,000
 * files; those that are not in the expected state any more are left alone.
 */
export async function moveOrderFiles(
  core: Core,
  change: Change,
  { orderNumber, numbers, ...move }: { orderNumber: number; numbers: readonly number[] } & FileMove,
): Promise<void> {
  const { owner_id } = await demandOrder(change.db, orderNumber)
  await holdAccount(change, owner_id)
  const moved = await moveDeliveryFiles(change, numbers, move)
  const files = await findOrderFiles(change.db, moved)
  if (files.length === 0) return
  const available = sign('available', move)
  if (available !== 0) {
    await addCounts(change, orderNumber, new Map(files.map((file) => [file.position, available])))
  }
  const pending = sign('pending', move)
  for (const [batch, inBatch] of Map.groupBy(files, (file) => file.batch_number)) {
    const count = inBatch.length
    await countInBatch(change, batch, { pending: pending * count, available: available * count })
  }
  const order = await addToOrder(change, orderNumber, {
    treated_bytes: -pending * sumOf(files),
    available: available * files.length,
    delivered: sign('delivered', move) * files.length,
    failed: sign('failed', move) * files.length,
  })
  if (pending !== 0) await settleOrder(change, order)
  await startBatches(core, change, owner_id)
}

/** Ends an order, none of whose files can be picked up any more, and lets the account's next sub-orders start. */
export async function closeOrder(core: Core, change: Change, orderNumber: number): Promise<void> {
  const { owner_id } = await demandOrder(change.db, orderNumber)
  await holdAccount(change, owner_id)
  await endBatches(change, orderNumber)
  await clearCounts(change, orderNumber)
  await emptyOrder(change, orderNumber)
  await startBatches(core, change, owner_id)
}

/** How far an order is, from 0 to 1: bytes of files that are prepared or have failed, of all. */
export function orderProgress(order: OrderRow): number {
  if (order.bytes > 0) return order.treated_bytes / order.bytes
  const treated = order.available + order.delivered + order.failed
  return order.files === 0 ? 0 : treated / order.files
}

/** Moves an order to its end when every file is prepared or has failed; else notes how far it is. */
export async function settleOrder(change: Change, order: OrderRow): Promise<void> {
  const treated = order.available + order.delivered + order.failed
  if (order.fill_until !== null || treated < order.files) {
    await noteProgress(change, order.delivery_number, orderProgress(order), null)
    return
  }
  const delivery = await findDeliveryByNumber(change.db, order.delivery_number)
  if (delivery === null || isOver(delivery.state) || delivery.state === 'paused') return
  const message =
    order.failed === 0 ? null : `${order.failed} of ${counted(order.files, 'file')} failed.`
  await moveDelivery(change, delivery, { to: endOf(order), progress: 1, message })
}

function endOf(order: OrderRow): DeliveryState {
  if (order.failed === 0) return 'done'
  return order.failed === order.files ? 'failed' : 'incomplete'
}

function sign(state: DeliveryFileState, { from, to }: FileMove): number {
  return (to === state ? 1 : 0) - (from === state ? 1 : 0)
}

function sumOf(files: readonly FileOfOrder[]): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}
