import { isDeepStrictEqual } from 'node:util'
import type { PortOrderRow, PortOrderStatus } from '../../database/port-order-tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import { transact } from '../transact.ts'
import { isTollFree } from './phone-number.ts'
import { addNumbers, type PortOrder, removeNumbers } from './port-order-numbers.ts'
import { type GroupSummary, isFinal, moverOf, summarize } from './port-order-status.ts'
import {
  demandOpenOrder,
  demandPortOrder,
  findPortOrder,
  insertPortOrder,
  listGroup,
  movePortOrder,
  type PortOrderWords,
  portOrderThing,
  writeWords,
} from './port-orders.ts'

/**
 * Changes what the customer said of an order. Presets alone may be changed until the order is over,
 * everything else while it is pending or rejected.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `conflict`
 */
export async function updatePortOrder(
  core: Core,
  principal: Principal,
  { number, words }: { number: number; words: PortOrderWords },
): Promise<PortOrder> {
  await transact(core, async (change) => {
    const row = onlyPresets(words)
      ? await demandUnfinished(change.db, principal, number)
      : await demandOpenOrder(change.db, principal, number)
    await writeWords(change, row, words)
  })
  return await findPortOrder(core, principal, number)
}

function onlyPresets({ alias, statusUrl, details = {} }: PortOrderWords): boolean {
  const keys = Object.keys(details)
  return alias === undefined && statusUrl === undefined && keys.length === 1 && 'presets' in details
}

async function demandUnfinished(
  db: Parameters<typeof demandPortOrder>[0],
  principal: Principal,
  number: number,
): Promise<PortOrderRow> {
  const row = await demandPortOrder(db, principal, { number, action: 'manage' })
  if (!isFinal(row.status)) return row
  throw new DeliveryError('conflict', `The port order is ${row.status}; it cannot be changed.`)
}

/**
 * Adds numbers to a pending order and removes others.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`; `conflict` when it is not pending;
 *   `invalid` when no number would be left, or one does not fit to the others
 */
export async function changeNumbers(
  core: Core,
  principal: Principal,
  { number, add, remove }: { number: number; add: readonly string[]; remove: readonly string[] },
): Promise<PortOrder> {
  await transact(core, async (change) => {
    const row = await demandPending(change.db, principal, number)
    await addNumbers(change, number, add)
    await removeNumbers(change, number, remove)
    const [order] = (await listGroup(change.db, row.group_number)).filter(
      (one) => one.delivery_number === number,
    )
    const kinds = new Set(order?.numbers.map(isTollFree))
    if (kinds.size === 0) {
      throw new DeliveryError(
        'invalid',
        'A port order keeps at least one number; cancel it instead.',
      )
    }
    if (kinds.size > 1) {
      throw new DeliveryError(
        'invalid',
        'Toll-free and other numbers cannot be ported together; add them to the group instead.',
      )
    }
    await writeWords(change, row, {})
  })
  return await findPortOrder(core, principal, number)
}

async function demandPending(
  db: Parameters<typeof demandPortOrder>[0],
  principal: Principal,
  number: number,
): Promise<PortOrderRow> {
  const row = await demandPortOrder(db, principal, { number, action: 'manage' })
  if (row.status === 'pending') return row
  throw new DeliveryError('conflict', `The port order is ${row.status}; its numbers are fixed.`)
}

/** A group as a whole. */
export interface PortOrderGroup {
  number: number
  summary: GroupSummary
  orders: PortOrder[]
}

/** @throws DeliveryError `not_found`, `not_yours`, `forbidden` */
export async function findPortOrderGroup(
  core: Core,
  principal: Principal,
  number: number,
): Promise<PortOrderGroup> {
  const orders = await listGroup(core.database.kysely, number)
  const [first] = orders
  if (first === undefined) throw new DeliveryError('not_found', 'No such port order group')
  demand(principal, 'read', portOrderThing(first), 'This group belongs to somebody else.')
  return { number, summary: summarize(orders.map((order) => order.status)), orders }
}

/**
 * Adds numbers to a group: each to its pending order of the same kind, or to a new one.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `invalid` without numbers
 */
export async function addNumbersToGroup(
  core: Core,
  principal: Principal,
  { number, add }: { number: number; add: readonly string[] },
): Promise<PortOrderGroup> {
  if (add.length === 0) throw new DeliveryError('invalid', '"add" holds no number.')
  await transact(core, async (change) => {
    const orders = await listGroup(change.db, number)
    const [first] = orders
    if (first === undefined) throw new DeliveryError('not_found', 'No such port order group')
    demand(principal, 'manage', portOrderThing(first), 'This group belongs to somebody else.')
    for (const [tollFree, numbers] of Map.groupBy(add, isTollFree)) {
      const fitting = orders.find(
        (order) => order.status === 'pending' && order.numbers.some(isTollFree) === tollFree,
      )
      if (fitting !== undefined) {
        await addNumbers(change, fitting.delivery_number, numbers)
        await writeWords(change, fitting, {})
        continue
      }
      await insertPortOrder(change, {
        group: { number, organizationId: first.organization_id, ownerId: first.owner_id },
        actorId: principal.accountId,
        words: {
          alias: first.alias,
          statusUrl: first.status_url,
          details: JSON.parse(first.details) as Record<string, unknown>,
        },
        numbers,
      })
    }
  })
  return await findPortOrderGroup(core, principal, number)
}

export interface StatusWish {
  number: number
  to: PortOrderStatus
  /** `2018-07-12`; the organization says it when it accepts. */
  completionDate?: string
}

/**
 * Takes an order to another status. The customer submits or cancels; an administrator of the
 * organization does the rest.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `conflict`
 */
export async function changeStatus(
  core: Core,
  principal: Principal,
  { number, to, completionDate }: StatusWish,
): Promise<PortOrderRow> {
  return await transact(core, async (change) => {
    const row = await demandPortOrder(change.db, principal, { number, action: 'manage' })
    const byOrganization = moverOf(row.status, to) === 'organization'
    if (byOrganization || completionDate !== undefined) {
      const sentence = 'Only an administrator of the organization may take this step.'
      demand(principal, 'administer', portOrderThing(row), sentence)
    }
    return await movePortOrder(change, row, {
      to,
      actorId: principal.accountId,
      ...(completionDate === undefined ? {} : { completionDate }),
    })
  })
}

/** The customer's request to cancel: a pending order is canceled, a rejected one abandoned. */
export async function cancelPortOrder(
  core: Core,
  principal: Principal,
  number: number,
): Promise<PortOrderRow> {
  const { status } = await findPortOrder(core, principal, number)
  const to = status === 'rejected' ? 'abandoned' : 'canceled'
  return await changeStatus(core, principal, { number, to })
}

/** A letter of agency: what the customer is to sign. */
export type Letter = Record<string, unknown>

/**
 * Keeps the letter that the customer signed: the one that was given out, with name and title filled in.
 * @throws DeliveryError as `demandOpenOrder`; `invalid` when anything else was changed
 */
export async function signLetter(
  core: Core,
  principal: Principal,
  { number, given, signed }: { number: number; given: Letter; signed: Letter },
): Promise<void> {
  for (const field of ['signature_name', 'signature_title']) {
    const value = signed[field]
    if (typeof value === 'string' && value.trim() !== '' && value.length <= 200) continue
    throw new DeliveryError('invalid', `"${field}" must be filled in.`, { details: { field } })
  }
  const { signature_name, signature_title } = signed
  if (!isDeepStrictEqual(signed, { ...given, signature_name, signature_title })) {
    throw new DeliveryError('invalid', 'Only the signature of the letter may be filled in.')
  }
  await transact(core, async (change) => {
    const row = await demandOpenOrder(change.db, principal, number)
    await writeWords(change, row, { loa: JSON.stringify({ ...signed, signed_at: change.now }) })
  })
}
