import type { PortOrderRow } from '../../database/port-order-tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { transact } from '../transact.ts'
import { movePortOrder } from './port-orders.ts'

/** "If port order is not updated or submitted within 45 days it will be automatically canceled." */
const LAPSE_MS = 45 * 24 * 3600 * 1000
const BATCH = 100

/**
 * Ends the port orders that waited 45 days for their customer: pending ones since they were last
 * modified, rejected ones since the rejection. Returns how many.
 */
export async function expirePortOrders(
  core: Core,
  { signal }: { signal?: AbortSignal },
): Promise<number> {
  let ended = 0
  while (!signal?.aborted) {
    const due = await findLapsed(core)
    for (const order of due) if (await end(core, order)) ended += 1
    if (due.length < BATCH) return ended
  }
  return ended
}

async function findLapsed(core: Core): Promise<PortOrderRow[]> {
  const before = core.database.now() - LAPSE_MS
  return await core.database.kysely
    .selectFrom('port_orders')
    .selectAll()
    .where((where) =>
      where.or([
        where.and([where('status', '=', 'pending'), where('modified_at', '<=', before)]),
        where.and([where('status', '=', 'rejected'), where('status_updated_at', '<=', before)]),
      ]),
    )
    .orderBy('delivery_number')
    .limit(BATCH)
    .execute()
}

/** Another node, or the customer, may have been quicker. */
async function end(core: Core, order: PortOrderRow): Promise<boolean> {
  const to = order.status === 'pending' ? 'canceled' : 'abandoned'
  try {
    await transact(core, (change) => movePortOrder(change, order, { to, actorId: null }))
    return true
  } catch (error) {
    if (error instanceof DeliveryError && error.code === 'conflict') return false
    throw error
  }
}
