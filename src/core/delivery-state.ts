import type { DeliveryState } from '../database/tables.ts'
import { DeliveryError } from './errors.ts'

/** Which state may follow which. `pending` follows `running` when an attempt failed and is tried again. */
const next = {
  pending: ['running', 'paused', 'done', 'failed', 'canceled', 'expired'],
  running: ['pending', 'paused', 'done', 'incomplete', 'failed', 'canceled', 'expired'],
  paused: ['pending', 'running', 'canceled', 'expired'],
  done: ['expired'],
  incomplete: ['pending', 'running', 'expired'],
  failed: ['pending', 'expired'],
  canceled: ['pending', 'expired'],
  expired: [],
} as const satisfies Record<DeliveryState, readonly DeliveryState[]>

/** Over: no work is under way, and none will be unless somebody asks again. */
export function isOver(state: DeliveryState): boolean {
  return state !== 'pending' && state !== 'running' && state !== 'paused'
}

/** Has the state machine this step? */
export function mayFollow(from: DeliveryState, to: DeliveryState): boolean {
  return (next[from] as readonly DeliveryState[]).includes(to)
}

/** @throws DeliveryError `conflict` when the state machine has no such step. */
export function demandTransition(from: DeliveryState, to: DeliveryState): void {
  if (mayFollow(from, to)) return
  throw new DeliveryError('conflict', `A delivery that is ${from} cannot become ${to}.`, {
    details: { state: from, wanted: to },
  })
}
