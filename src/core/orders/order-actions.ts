import { randomUUID } from 'node:crypto'
import type { OrderRow } from '../../database/order-tables.ts'
import type { DeliveryRow, DeliveryState } from '../../database/tables.ts'
import { holdAccount } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, moveDelivery } from '../deliveries.ts'
import { expireFiles, listDeliveryFiles } from '../delivery-files.ts'
import { DeliveryError } from '../errors.ts'
import { cancelJobs } from '../jobs/jobs.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { requeueBatches, startBatches } from './order-batches.ts'
import type { OrderWish } from './order-fill.ts'
import { closeOrder, moveOrderFiles, settleOrder } from './order-progress.ts'
import { markOrder } from './order-rows.ts'
import { demandOwnOrder, enqueueFill, type PlacedOrder, placeOrder } from './orders.ts'

/** What can be done with an order that is there. */
export type OrderAction = 'pause' | 'resume' | 'restart' | 'retry' | 'delete' | 'remove'

/** Why an action is refused, in REGARDS' words; in `details.code` of the `conflict`. */
const refusals = {
  pause: 'ORDER_MUST_BE_PENDING_OR_RUNNING',
  resume: 'ORDER_MUST_BE_PAUSED',
  restart: 'ORDER_MUST_BE_DONE_OR_DONE_WITH_WARNING_OR_FAILED',
  retry: 'ORDER_MUST_BE_DONE_WITH_WARNING_OR_FAILED',
  delete: 'ORDER_MUST_BE_DONE_OR_DONE_WITH_WARNING_OR_PAUSED_OR_FAILED_OR_EXPIRED',
  remove: 'ORDER_MUST_BE_DELETED',
} as const satisfies Record<OrderAction, string>

const allowed = {
  pending: ['pause'],
  running: ['pause'],
  paused: ['resume', 'delete'],
  done: ['restart', 'delete'],
  incomplete: ['restart', 'retry', 'delete'],
  failed: ['restart', 'retry', 'delete'],
  canceled: ['remove'],
  expired: ['delete'],
} as const satisfies Record<DeliveryState, readonly OrderAction[]>

/** What its state allows to do with an order. */
export function orderActions(delivery: DeliveryRow, order: OrderRow): readonly OrderAction[] {
  return order.deleted_at === null ? allowed[delivery.state] : ['remove']
}

/**
 * Stops preparing an order until it is resumed; what is available can be picked up meanwhile.
 * @throws DeliveryError `not_found`, `not_yours`, `conflict` with REGARDS' code in `details.code`
 */
export async function pauseOrder(core: Core, principal: Principal, number: number): Promise<void> {
  await act(core, principal, { number, action: 'pause' }, async (change, { delivery }) => {
    await moveDelivery(change, delivery, {
      to: 'paused',
      actorId: principal.accountId,
      progress: delivery.progress,
    })
    await cancelJobs(change, number)
    await requeueBatches(change, number)
    await startBatches(core, change, delivery.owner_id)
  })
}

/** Goes on with a paused order. @throws DeliveryError as `pauseOrder` */
export async function resumeOrder(core: Core, principal: Principal, number: number): Promise<void> {
  await act(core, principal, { number, action: 'resume' }, async (change, { delivery, order }) => {
    await goOn(core, change, { delivery, order, actorId: principal.accountId })
    if (order.fill_until !== null) await enqueueFill(change, delivery)
    await settleOrder(change, order)
  })
}

/** Prepares the failed files of an order anew. @throws DeliveryError as `pauseOrder` */
export async function retryOrder(core: Core, principal: Principal, number: number): Promise<void> {
  for (let isLast = false; !isLast; ) {
    await act(core, principal, { number, action: 'retry' }, async (change, { delivery, order }) => {
      const failed = await listDeliveryFiles(change.db, number, { state: 'failed', limit: 500 })
      await moveOrderFiles(core, change, {
        orderNumber: number,
        numbers: failed.map((file) => file.number),
        from: 'failed',
        to: 'pending',
      })
      isLast = failed.length < 500
      if (!isLast) return
      await requeueBatches(change, number)
      await moveDelivery(change, delivery, {
        to: 'pending',
        actorId: principal.accountId,
        progress: 0,
      })
      if (order.fill_until !== null) await enqueueFill(change, delivery)
      await startBatches(core, change, delivery.owner_id)
    })
  }
}

/**
 * Orders the same once more: what is published now.
 * @throws DeliveryError as `pauseOrder` and `placeOrder`
 */
export async function restartOrder(
  core: Core,
  principal: Principal,
  { number, label }: { number: number; label: string | null },
): Promise<PlacedOrder> {
  const { delivery, order } = await demandOwnOrder(core, principal, { number, action: 'pick-up' })
  demandAllowed(delivery, order, 'restart')
  return await placeOrder(core, principal, {
    ...(JSON.parse(order.request) as OrderWish),
    correlationId: randomUUID(),
    label: label ?? order.label,
    maxBytes: null,
  })
}

/** Lets an order's files go; it is still listed. @throws DeliveryError as `pauseOrder` */
export async function deleteOrder(core: Core, principal: Principal, number: number): Promise<void> {
  await act(core, principal, { number, action: 'delete' }, async (change, { delivery }) => {
    await markOrder(change, number, 'deleted_at')
    await cancelJobs(change, number)
    if (delivery.state === 'paused') {
      await moveDelivery(change, delivery, { to: 'canceled', actorId: principal.accountId })
    }
    await closeOrder(core, change, number)
  })
  // In pieces: a server that dies here leaves the rest to the sweep after the order's time.
  while ((await transact(core, (change) => expireFiles(change, number, 500))) === 500);
  await transact(core, async (change) => {
    const delivery = await findDeliveryByNumber(change.db, number)
    if (delivery === null || delivery.state === 'expired' || delivery.state === 'canceled') return
    await moveDelivery(change, delivery, { to: 'expired', actorId: principal.accountId })
  })
}

/** Takes a deleted order out of the list. @throws DeliveryError as `pauseOrder` */
export async function removeOrder(core: Core, principal: Principal, number: number): Promise<void> {
  await act(core, principal, { number, action: 'remove' }, (change) =>
    markOrder(change, number, 'removed_at'),
  )
}

interface Found {
  delivery: DeliveryRow
  order: OrderRow
}

async function act(
  core: Core,
  principal: Principal,
  { number, action }: { number: number; action: OrderAction },
  work: (change: Change, found: Found) => Promise<void>,
): Promise<void> {
  await transact(core, async (change) => {
    const first = await demandOwnOrder(core, principal, { number, action: 'manage', change })
    await holdAccount(change, first.delivery.owner_id)
    // Read again behind the lock: only then does it stand still.
    const found = await demandOwnOrder(core, principal, { number, action: 'manage', change })
    demandAllowed(found.delivery, found.order, action)
    await work(change, found)
  })
}

function demandAllowed(delivery: DeliveryRow, order: OrderRow, action: OrderAction): void {
  if (orderActions(delivery, order).includes(action)) return
  const code = refusals[action]
  throw new DeliveryError('conflict', code, { details: { code, state: delivery.state } })
}

async function goOn(
  core: Core,
  change: Change,
  { delivery, order, actorId }: Found & { actorId: string },
): Promise<void> {
  const begun = order.available + order.delivered + order.failed > 0
  await moveDelivery(change, delivery, {
    to: begun ? 'running' : 'pending',
    actorId,
    progress: delivery.progress,
  })
  await startBatches(core, change, delivery.owner_id)
}
