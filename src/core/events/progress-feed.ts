import type { DeliveryRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { findDeliveriesByNumber } from '../deliveries.ts'
import { isOver } from '../delivery-state.ts'

/** How long signals are gathered before the deliveries are read. */
const GATHER_MS = 100
/** Read at once; what moves beyond that is told at its next move, as is what no signal told of. */
const MOST = 500

/** Tells accounts how far their moving deliveries are. */
export interface ProgressFeed {
  /** Returns the function that ends the subscription. */
  subscribe(accountId: string, listener: (delivery: DeliveryRow) => void): () => void
}

/**
 * A feed that reads each moved delivery once, however many listen, and nothing while nobody does.
 * `onError` hears of a read that failed.
 */
export function createProgressFeed(core: Core, onError: (error: unknown) => void): ProgressFeed {
  const listeners = new Map<string, Set<(delivery: DeliveryRow) => void>>()
  const moved = new Set<number>()
  let timer: NodeJS.Timeout | null = null
  let unsubscribe: (() => void) | null = null

  function note(payload: string | null): void {
    if (payload === null || moved.size >= MOST) return
    moved.add(Number(payload))
    timer ??= setTimeout(() => void tell().catch(onError), GATHER_MS)
  }

  async function tell(): Promise<void> {
    timer = null
    const numbers = [...moved]
    moved.clear()
    for (const delivery of await findDeliveriesByNumber(core.database.kysely, numbers)) {
      if (isOver(delivery.state)) continue
      for (const listener of listeners.get(delivery.owner_id) ?? []) listener(delivery)
    }
  }

  function leave(accountId: string, listener: (delivery: DeliveryRow) => void): void {
    const own = listeners.get(accountId)
    own?.delete(listener)
    if (own?.size === 0) listeners.delete(accountId)
    if (listeners.size > 0) return
    unsubscribe?.()
    unsubscribe = null
    if (timer !== null) clearTimeout(timer)
    timer = null
    moved.clear()
  }

  return {
    subscribe(accountId, listener) {
      const own = listeners.get(accountId) ?? new Set()
      listeners.set(accountId, own.add(listener))
      unsubscribe ??= core.database.signals.subscribe('delivery', note)
      return () => leave(accountId, listener)
    },
  }
}
