import type { PortOrderFileRow } from '../../database/port-order-tables.ts'
import type { Core } from '../core.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import { listDocumentsOf } from './port-order-files.ts'
import { type PortOrder, withNumbers } from './port-order-numbers.ts'
import { PORT_ORDERS_PERMISSION } from './port-orders.ts'

/** A port order with its documents. */
export interface PortOrderOverview {
  order: PortOrder
  documents: PortOrderFileRow[]
}

/**
 * The caller's own port orders, newest first.
 * @throws DeliveryError `forbidden`
 */
export async function listNewestPortOrders(
  core: Core,
  principal: Principal,
  query: { before: number | null; limit: number },
): Promise<PortOrderOverview[]> {
  const { organizationId, accountId } = principal
  demand(
    principal,
    'create',
    { organizationId, ownerId: null, permission: PORT_ORDERS_PERMISSION },
    'You are not permitted to see port orders.',
  )
  const db = core.database.kysely
  let rows = db
    .selectFrom('port_orders')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('owner_id', '=', accountId)
    .orderBy('delivery_number', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (query.before !== null) rows = rows.where('delivery_number', '<', query.before)
  const orders = await withNumbers(db, await rows.execute())
  const documents = await listDocumentsOf(
    db,
    orders.map((order) => order.delivery_number),
  )
  return orders.map((order) => ({ order, documents: documents.get(order.delivery_number) ?? [] }))
}
