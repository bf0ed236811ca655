import { setImmediate as othersTurn } from 'node:timers/promises'
import type { OrderDatasetRow, OrderRow } from '../../database/order-tables.ts'
import type { DeliveryRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import {
  deliveryThing,
  findDeliveriesByNumber,
  findDeliveryByNumber,
  insertDelivery,
} from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import { doOnce } from '../idempotency.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import { kindPermissions } from '../kind-permissions.ts'
import { type Action, demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { ordersToPickUp } from './order-batches.ts'
import { listDatasets } from './order-files.ts'
import { type FillCursor, fillOrder, nextWishedFiles, type OrderWish } from './order-fill.ts'
import { ORDER_FILL_JOB } from './order-jobs.ts'
import { demandOrder, insertOrder, pageOrders } from './order-rows.ts'
import { newestProduct } from './products.ts'

/** The permission to order, and to take published files by their product. */
const ORDER_PERMISSION = kindPermissions.order

export interface NewOrder extends OrderWish {
  /** The customer's own name for it. */
  correlationId: string
  label: string
  /** No more bytes than that; null for no limit of the customer's own. */
  maxBytes: number | null
  idempotencyKey?: string
}

export interface PlacedOrder {
  number: number
  correlationId: string
}

/**
 * Orders the files of published products. It is placed when this resolves; a large one is filled by a
 * job. Products that are published later are not in it.
 * @throws DeliveryError `forbidden` without the permission; `invalid` for a query or pattern that is
 *   none; `not_found` when no file is found; `limit_reached` for too many files or bytes;
 *   `idempotency_mismatch`, `idempotency_running`
 */
export async function placeOrder(
  core: Core,
  principal: Principal,
  order: NewOrder,
): Promise<PlacedOrder> {
  demandMayOrder(principal)
  const until = await newestProduct(core.database.kysely)
  await demandFiles(core, principal, { order, until })
  // Label and correlation id may have been made up for this very request.
  const { idempotencyKey: key, correlationId: _id, label: _label, ...request } = order
  return await transact(core, (change) => {
    const { accountId } = principal
    const repeatable =
      key === undefined ? null : { accountId, operation: 'order.create', key, request }
    return doOnce(change, repeatable, () => insert(core, change, { principal, order, until }))
  })
}

/** @throws DeliveryError `forbidden` without the permission to order */
export function demandMayOrder(principal: Principal): void {
  demand(
    principal,
    'create',
    {
      organizationId: principal.organizationId,
      ownerId: null,
      permission: ORDER_PERMISSION,
    },
    'You are not permitted to order files.',
  )
}

interface Placing {
  principal: Principal
  order: NewOrder
  until: number
}

/** Counts before anything is written: an order of nothing, or of too much, is none. */
async function demandFiles(
  core: Core,
  { organizationId }: Principal,
  { order, until }: Omit<Placing, 'principal'>,
): Promise<void> {
  const { orderMaxFiles } = core.settings
  let cursor: FillCursor | null = { product: 0, file: 0 }
  let files = 0
  let bytes = 0
  while (cursor !== null) {
    const wished = await nextWishedFiles(core.database.kysely, order, {
      organizationId,
      cursor,
      until,
    })
    files += wished.files.length
    bytes = wished.files.reduce((sum, file) => sum + file.size, bytes)
    if (files > orderMaxFiles) {
      throw new DeliveryError('limit_reached', `An order has at most ${orderMaxFiles} files.`)
    }
    if (order.maxBytes !== null && bytes > order.maxBytes) {
      throw new DeliveryError('limit_reached', `The files have more than ${order.maxBytes} bytes.`)
    }
    cursor = wished.next
    // Each step holds up the embedded database's thread: the requests come in between.
    await othersTurn()
  }
  if (files === 0) throw new DeliveryError('not_found', 'No file was found for this order.')
}

async function insert(
  core: Core,
  change: Change,
  { principal, order, until }: Placing,
): Promise<PlacedOrder> {
  const { accountId, organizationId } = principal
  const { queries, dataTypes, fileNamePattern, correlationId } = order
  const delivery = await insertDelivery(change, {
    kind: 'order',
    organizationId,
    ownerId: accountId,
    actorId: accountId,
    expiresAt: change.now + core.settings.orderSeconds * 1000,
  })
  const row = await insertOrder(change, {
    delivery_number: delivery.number,
    owner_id: accountId,
    label: order.label,
    correlation_id: correlationId,
    request: JSON.stringify({ queries, dataTypes, fileNamePattern }),
    fill_until: until,
  })
  if (!(await fillOrder(core, change, row, organizationId))) {
    await enqueueFill(change, delivery)
  }
  return { number: delivery.number, correlationId }
}

/** Has the rest of an order's files added by a job. */
export async function enqueueFill(change: Change, delivery: DeliveryRow): Promise<void> {
  await enqueueJob(change, {
    kind: ORDER_FILL_JOB,
    queue: 'local',
    organizationId: delivery.organization_id,
    accountId: delivery.owner_id,
    deliveryNumber: delivery.number,
    maxAttempts: 5,
  })
}

/** An order with all that is said of it. */
export interface OrderView {
  delivery: DeliveryRow
  order: OrderRow
  datasets: OrderDatasetRow[]
  /** A sub-order waits to be picked up. */
  isWaitingForUser: boolean
}

/**
 * An order, for its owner or an administrator of the organization.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function readOrder(
  core: Core,
  principal: Principal,
  number: number,
): Promise<OrderView> {
  const { kysely } = core.database
  const found = await demandOwnOrder(core, principal, { number, action: 'read' })
  const datasets = await listDatasets(kysely, [number])
  const ready = await ordersToPickUp(kysely, [number])
  return { ...found, datasets, isWaitingForUser: ready.has(number) }
}

/** An order as it was found, for somebody who may do that with it. */
export async function demandOwnOrder(
  core: Core,
  principal: Principal,
  { number, action, change }: { number: number; action: Action; change?: Change },
): Promise<Pick<OrderView, 'delivery' | 'order'>> {
  const db = change?.db ?? core.database.kysely
  const order = await demandOrder(db, number)
  const delivery = await findDeliveryByNumber(db, number)
  if (delivery === null || order.removed_at !== null) {
    throw new DeliveryError('not_found', 'There is no order with this id.')
  }
  demand(principal, action, deliveryThing(core, delivery), 'This order belongs to somebody else.')
  return { delivery, order }
}

/** The caller's orders, oldest first. */
export async function listOwnOrders(
  core: Core,
  principal: Principal,
  page: { offset: number; limit: number },
): Promise<{ orders: OrderView[]; total: number }> {
  const { kysely } = core.database
  const { rows, total } = await pageOrders(kysely, principal.accountId, page)
  const numbers = rows.map((row) => row.delivery_number)
  const deliveries = await findDeliveriesByNumber(kysely, numbers)
  const byNumber = new Map(deliveries.map((delivery) => [delivery.number, delivery]))
  const datasets = Map.groupBy(await listDatasets(kysely, numbers), (row) => row.order_number)
  const ready = await ordersToPickUp(kysely, numbers)
  const orders = rows.map((order) => ({
    order,
    delivery: byNumber.get(order.delivery_number) as DeliveryRow,
    datasets: datasets.get(order.delivery_number) ?? [],
    isWaitingForUser: ready.has(order.delivery_number),
  }))
  return { orders, total }
}
