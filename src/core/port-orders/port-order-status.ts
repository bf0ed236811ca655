import type { PortOrderStatus } from '../../database/port-order-tables.ts'
import type { DeliveryState } from '../../database/tables.ts'
import { DeliveryError } from '../errors.ts'

/** Who takes a port order to another status: its customer, or the organization that carries it out. */
export type Mover = 'customer' | 'organization'

/**
 * Which status may follow which, and by whom (Flowroute porting documentation, "View Port Order
 * Status" and "Cancel a Port Order"): the customer submits or cancels a pending order, and submits
 * again or abandons a rejected one; everything else is the organization's.
 */
const next: Record<PortOrderStatus, Partial<Record<PortOrderStatus, Mover>>> = {
  pending: { processing: 'customer', canceled: 'customer' },
  processing: {
    submitted: 'organization',
    rejected: 'organization',
    canceled: 'organization',
    abandoned: 'organization',
  },
  submitted: { accepted: 'organization', rejected: 'organization', hard_canceled: 'organization' },
  accepted: { completed: 'organization', rejected: 'organization', hard_canceled: 'organization' },
  rejected: { review: 'customer', abandoned: 'customer' },
  review: {
    submitted: 'organization',
    accepted: 'organization',
    rejected: 'organization',
    hard_canceled: 'organization',
  },
  completed: {},
  canceled: {},
  abandoned: {},
  hard_canceled: {},
}

/** What the delivery of a port order's documents is while the order has a status. */
const deliveryStates = {
  pending: 'pending',
  processing: 'running',
  submitted: 'running',
  accepted: 'running',
  rejected: 'paused',
  review: 'running',
  completed: 'done',
  canceled: 'canceled',
  abandoned: 'canceled',
  hard_canceled: 'canceled',
} as const satisfies Record<PortOrderStatus, DeliveryState>

/** What a port order's status means for its delivery. */
export function deliveryStateOf(status: PortOrderStatus): DeliveryState {
  return deliveryStates[status]
}

/**
 * Whose step it is.
 * @throws DeliveryError `conflict` when there is no such step
 */
export function moverOf(from: PortOrderStatus, to: PortOrderStatus): Mover {
  const mover = next[from][to]
  if (mover !== undefined) return mover
  throw new DeliveryError('conflict', `A port order that is ${from} cannot become ${to}.`, {
    details: { state: from, wanted: to },
  })
}

/** May its documents and details be changed? ("Files can only be added while Pending or Rejected.") */
export function isOpen(status: PortOrderStatus): boolean {
  return status === 'pending' || status === 'rejected'
}

/**
 * Asks that documents and details may be changed now.
 * @throws DeliveryError `conflict`
 */
export function demandOpen(status: PortOrderStatus): void {
  if (isOpen(status)) return
  throw new DeliveryError(
    'conflict',
    `The port order is ${status}; it can only be changed while it is pending or rejected.`,
    { details: { state: status } },
  )
}

/** Will its status change no more? */
export function isFinal(status: PortOrderStatus): boolean {
  return Object.keys(next[status]).length === 0
}

/** All statuses of the document. */
export const portOrderStatuses = Object.keys(next) as readonly PortOrderStatus[]

export type GroupSummary = 'Requires Action' | 'Completed' | 'Canceled' | 'In Progress'

/** The summary of a group's orders ("View a Port Order Group Status"). */
export function summarize(statuses: readonly PortOrderStatus[]): GroupSummary {
  if (statuses.some(isOpen)) return 'Requires Action'
  if (!statuses.every(isFinal)) return 'In Progress'
  return statuses.includes('completed') ? 'Completed' : 'Canceled'
}
