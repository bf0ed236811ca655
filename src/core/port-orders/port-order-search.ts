import type { PortOrderStatus } from '../../database/port-order-tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { hasPermission, type Principal } from '../principal.ts'
import { type PortOrder, withNumbers } from './port-order-numbers.ts'
import { PORT_ORDERS_PERMISSION } from './port-orders.ts'

/** By what a search can be put in order. */
export type PortOrderKey =
  | 'status'
  | 'completion_date'
  | 'alias'
  | 'modified_at'
  | 'created_at'
  | 'completed_at'
  | 'delivery_number'

/** Bounds in ms since the epoch, neither included. */
export interface Between {
  after?: number
  before?: number
}

export interface PortOrderQuery {
  /** Those that hold any of them. */
  numbers?: readonly string[]
  group?: number
  status?: PortOrderStatus
  alias?: string
  completionDate?: string
  modified?: Between
  created?: Between
  completed?: Between
  order?: readonly { by: PortOrderKey; descending: boolean }[]
  /** At most 201, so that a page of 200 can tell whether there is another. */
  limit: number
  offset: number
}

/**
 * The caller's port orders, newest first unless asked otherwise; an administrator sees all of the organization.
 * @throws DeliveryError `forbidden`
 */
export async function searchPortOrders(
  core: Core,
  principal: Principal,
  query: PortOrderQuery,
): Promise<PortOrder[]> {
  if (!hasPermission(principal, PORT_ORDERS_PERMISSION)) {
    throw new DeliveryError('forbidden', 'You are not permitted to see port orders.')
  }
  const db = core.database.kysely
  let rows = db
    .selectFrom('port_orders')
    .selectAll()
    .where('organization_id', '=', principal.organizationId)
    .limit(Math.min(query.limit, 201))
    .offset(query.offset)
  if (!hasPermission(principal, 'admin')) rows = rows.where('owner_id', '=', principal.accountId)
  if (query.group !== undefined) rows = rows.where('group_number', '=', query.group)
  if (query.status !== undefined) rows = rows.where('status', '=', query.status)
  if (query.alias !== undefined) rows = rows.where('alias', '=', query.alias)
  if (query.completionDate !== undefined) {
    rows = rows.where('completion_date', '=', query.completionDate)
  }
  const bounds = [
    ['modified_at', query.modified],
    ['created_at', query.created],
    ['completed_at', query.completed],
  ] as const
  for (const [column, between] of bounds) {
    if (between?.after !== undefined) rows = rows.where(column, '>', between.after)
    if (between?.before !== undefined) rows = rows.where(column, '<', between.before)
  }
  const { numbers } = query
  if (numbers !== undefined) {
    rows = rows.where('delivery_number', 'in', (inner) =>
      inner
        .selectFrom('port_order_numbers')
        .select('port_order_numbers.delivery_number')
        .where('phone_number', 'in', numbers.length === 0 ? [''] : numbers),
    )
  }
  for (const { by, descending } of query.order ?? []) {
    rows = rows.orderBy(by, descending ? 'desc' : 'asc')
  }
  return await withNumbers(db, await rows.orderBy('delivery_number', 'desc').execute())
}
