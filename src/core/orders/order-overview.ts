import type { OrderBatchRow } from '../../database/order-tables.ts'
import type { Core } from '../core.ts'
import { findDeliveriesByNumber } from '../deliveries.ts'
import type { Principal } from '../principal.ts'
import { ordersToPickUp } from './order-batches.ts'
import { listDatasets } from './order-files.ts'
import { demandMayOrder, demandOwnOrder, type OrderView } from './orders.ts'

/**
 * The caller's orders, newest first, without the removed ones.
 * @throws DeliveryError `forbidden` without the permission to order
 */
export async function listNewestOrders(
  core: Core,
  principal: Principal,
  query: { before: number | null; limit: number },
): Promise<OrderView[]> {
  demandMayOrder(principal)
  const db = core.database.kysely
  let own = db
    .selectFrom('orders')
    .selectAll()
    .where('owner_id', '=', principal.accountId)
    .where('removed_at', 'is', null)
    .orderBy('delivery_number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (query.before !== null) own = own.where('delivery_number', '<', query.before)
  const rows = await own.execute()
  const numbers = rows.map((row) => row.delivery_number)
  const deliveries = await findDeliveriesByNumber(db, numbers)
  const byNumber = new Map(deliveries.map((delivery) => [delivery.number, delivery]))
  const datasets = Map.groupBy(await listDatasets(db, numbers), (row) => row.order_number)
  const ready = await ordersToPickUp(db, numbers)
  return rows.flatMap((order) => {
    const number = order.delivery_number
    const delivery = byNumber.get(number)
    if (delivery === undefined) return []
    const isWaitingForUser = ready.has(number)
    return [{ order, delivery, datasets: datasets.get(number) ?? [], isWaitingForUser }]
  })
}

/**
 * The sub-orders of an order, in their order.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`
 */
export async function listBatches(
  core: Core,
  principal: Principal,
  query: { order: number; after: number | null; limit: number },
): Promise<OrderBatchRow[]> {
  await demandOwnOrder(core, principal, { number: query.order, action: 'read' })
  return await core.database.kysely
    .selectFrom('order_batches')
    .selectAll()
    .where('order_number', '=', query.order)
    .where('position', '>', query.after ?? 0)
    .orderBy('position')
    .limit(Math.min(query.limit, 1000))
    .execute()
}
