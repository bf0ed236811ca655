import type { Connection } from '../../database/database.ts'
import type { PortOrderRow, PortOrderStatus } from '../../database/port-order-tables.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, insertDelivery, moveDelivery } from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { doOnce } from '../idempotency.ts'
import { kindPermissions } from '../kind-permissions.ts'
import { demand, type Thing } from '../may.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { isTollFree } from './phone-number.ts'
import { addNumbers, type PortOrder, withNumbers } from './port-order-numbers.ts'
import { deliveryStateOf, demandOpen, moverOf } from './port-order-status.ts'
import { enqueueCallback } from './status-callbacks.ts'

/** What an account must hold to order ports and to see them. */
export const PORT_ORDERS_PERMISSION = kindPermissions['port-order']

/** What the customer says of a port order and may change while it is open. */
export interface PortOrderWords {
  alias?: string | null
  /** Where status changes are told to. */
  statusUrl?: string | null
  /** Merged into what was said before. */
  details?: Record<string, unknown>
}

export interface NewPortOrder extends PortOrderWords {
  /** In E.164 form, at least one. */
  numbers: readonly string[]
  idempotencyKey?: string
}

/**
 * Orders the port of numbers: one order for each kind of number, together a group.
 * @throws DeliveryError `forbidden`, `invalid` without numbers, `idempotency_mismatch`
 */
export async function createPortOrders(
  core: Core,
  principal: Principal,
  request: NewPortOrder,
): Promise<{ group: number; orders: PortOrder[] }> {
  demandMayPort(principal)
  if (request.numbers.length === 0) {
    throw new DeliveryError('invalid', 'A port order needs at least one phone number.', {
      details: { field: 'numbers' },
    })
  }
  const { idempotencyKey, ...asked } = request
  const repeatable =
    idempotencyKey === undefined
      ? null
      : {
          accountId: principal.accountId,
          operation: 'port-order.create',
          key: idempotencyKey,
          request: asked,
        }
  const group = await transact(core, (change) =>
    doOnce(change, repeatable, () => insertGroup(change, principal, asked)),
  )
  return { group, orders: await listGroup(core.database.kysely, group) }
}

/** @throws DeliveryError `forbidden` without the permission to order ports */
export function demandMayPort(principal: Principal): void {
  demand(
    principal,
    'create',
    { organizationId: principal.organizationId, ownerId: null, permission: PORT_ORDERS_PERMISSION },
    'You are not permitted to order ports.',
  )
}

async function insertGroup(
  change: Change,
  principal: Principal,
  request: Omit<NewPortOrder, 'idempotencyKey'>,
): Promise<number> {
  const { organizationId, accountId: ownerId } = principal
  const { number } = await change.db
    .insertInto('port_order_groups')
    .values({ organization_id: organizationId, owner_id: ownerId, created_at: change.now })
    .returning('number')
    .executeTakeFirstOrThrow()
  for (const numbers of Map.groupBy(request.numbers, isTollFree).values()) {
    const group = { number, organizationId, ownerId }
    await insertPortOrder(change, { group, actorId: ownerId, words: request, numbers })
  }
  return number
}

interface InsertingOrder {
  group: { number: number; organizationId: string; ownerId: string }
  actorId: string
  words: PortOrderWords
  numbers: readonly string[]
}

/** Adds a pending order to a group; returns its number. */
export async function insertPortOrder(change: Change, order: InsertingOrder): Promise<number> {
  const { group, words } = order
  const delivery = await insertDelivery(change, {
    kind: 'port-order',
    organizationId: group.organizationId,
    ownerId: group.ownerId,
    actorId: order.actorId,
  })
  await change.db
    .insertInto('port_orders')
    .values({
      delivery_number: delivery.number,
      group_number: group.number,
      organization_id: group.organizationId,
      owner_id: group.ownerId,
      status: 'pending',
      status_updated_at: null,
      alias: words.alias ?? null,
      status_url: words.statusUrl ?? null,
      completion_date: null,
      completed_at: null,
      details: JSON.stringify(words.details ?? {}),
      loa: null,
      created_at: change.now,
      modified_at: change.now,
    })
    .execute()
  await addNumbers(change, delivery.number, order.numbers)
  return delivery.number
}

/**
 * A port order, for its owner and the administrators.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`
 */
export async function findPortOrder(
  core: Core,
  principal: Principal,
  number: number,
): Promise<PortOrder> {
  const row = await demandPortOrder(core.database.kysely, principal, { number, action: 'read' })
  const [order] = await withNumbers(core.database.kysely, [row])
  return order as PortOrder
}

/**
 * The row of a port order, for whom it may be read or changed by.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`
 */
export async function demandPortOrder(
  db: Connection,
  principal: Principal,
  { number, action }: { number: number; action: 'read' | 'manage' | 'administer' },
): Promise<PortOrderRow> {
  const row = await db
    .selectFrom('port_orders')
    .selectAll()
    .where('delivery_number', '=', number)
    .executeTakeFirst()
  if (row === undefined) throw new DeliveryError('not_found', 'No such port order')
  demand(principal, action, portOrderThing(row), 'This port order belongs to somebody else.')
  return row
}

/** A port order as `may` asks about it. */
export function portOrderThing(row: Pick<PortOrderRow, 'organization_id' | 'owner_id'>): Thing {
  return {
    organizationId: row.organization_id,
    ownerId: row.owner_id,
    permission: PORT_ORDERS_PERMISSION,
  }
}

/** The orders of a group, in the order of their numbers. */
export async function listGroup(db: Connection, group: number): Promise<PortOrder[]> {
  const rows = await db
    .selectFrom('port_orders')
    .selectAll()
    .where('group_number', '=', group)
    .orderBy('delivery_number')
    .execute()
  return await withNumbers(db, rows)
}

/** Writes what the customer says of an order, and that it was modified. */
export async function writeWords(
  change: Change,
  row: PortOrderRow,
  words: PortOrderWords & { loa?: string },
): Promise<void> {
  const details = { ...(JSON.parse(row.details) as object), ...words.details }
  await change.db
    .updateTable('port_orders')
    .set({
      details: JSON.stringify(details),
      modified_at: change.now,
      ...(words.alias === undefined ? {} : { alias: words.alias }),
      ...(words.statusUrl === undefined ? {} : { status_url: words.statusUrl }),
      ...(words.loa === undefined ? {} : { loa: words.loa }),
    })
    .where('delivery_number', '=', row.delivery_number)
    .execute()
}

export interface StatusMove {
  to: PortOrderStatus
  /** Null for the system. */
  actorId: string | null
  /** The day on which the numbers move. */
  completionDate?: string
}

/**
 * Takes an order to another status, and tells it to the feed and to its status URL in the same change.
 * @throws DeliveryError `conflict` when there is no such step, or it has just moved
 */
export async function movePortOrder(
  change: Change,
  row: PortOrderRow,
  move: StatusMove,
): Promise<PortOrderRow> {
  moverOf(row.status, move.to)
  const moved = await change.db
    .updateTable('port_orders')
    .set({
      status: move.to,
      status_updated_at: change.now,
      modified_at: change.now,
      ...(move.completionDate === undefined ? {} : { completion_date: move.completionDate }),
      ...(move.to === 'completed' ? { completed_at: change.now } : {}),
    })
    .where('delivery_number', '=', row.delivery_number)
    .where('status', '=', row.status)
    .returningAll()
    .executeTakeFirst()
  if (moved === undefined) {
    throw new DeliveryError('conflict', 'The port order has just changed; read it again.')
  }
  const delivery = await findDeliveryByNumber(change.db, row.delivery_number)
  const state = deliveryStateOf(move.to)
  if (delivery !== null && delivery.state !== state) {
    await moveDelivery(change, delivery, { to: state, actorId: move.actorId })
  }
  await recordEvents(change, [
    {
      organizationId: row.organization_id,
      ownerId: row.owner_id,
      actorId: move.actorId,
      action: `port-order.${move.to}`,
      deliveryNumber: row.delivery_number,
      data: { port_order: row.delivery_number, from: row.status, to: move.to },
    },
  ])
  await enqueueCallback(change, moved)
  return moved
}

/** Says that the status URL is not to be called any more. */
export async function forgetStatusUrl(change: Change, number: number, url: string): Promise<void> {
  await change.db
    .updateTable('port_orders')
    .set({ status_url: null })
    .where('delivery_number', '=', number)
    .where('status_url', '=', url)
    .execute()
}

/** An open order, to be changed by its owner. @throws DeliveryError as `demandPortOrder`; `conflict` when it is not open */
export async function demandOpenOrder(
  db: Connection,
  principal: Principal,
  number: number,
): Promise<PortOrderRow> {
  const row = await demandPortOrder(db, principal, { number, action: 'manage' })
  demandOpen(row.status)
  return row
}
