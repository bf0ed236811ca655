import type { DeliveryRow } from '../database/tables.ts'
import type { Core } from './core.ts'
import { findDeliveryByNumber } from './deliveries.ts'
import { isOver } from './delivery-state.ts'

/** Signals can be lost between nodes: a waiter looks by itself this often. */
const LOOK_MS = 2000

/**
 * Waits until a delivery is over, `forMs` have passed, or the signal aborts, and returns it as it is then.
 * @param forMs at most 60,000 are waited
 */
export async function waitUntilOver(
  core: Core,
  delivery: DeliveryRow,
  { forMs, signal }: { forMs: number; signal?: AbortSignal },
): Promise<DeliveryRow> {
  const deadline = performance.now() + Math.min(forMs, 60_000)
  let latest = delivery
  while (!isOver(latest.state) && !signal?.aborted) {
    const left = deadline - performance.now()
    if (left <= 0) break
    const moved = nextMove(core, delivery.number, { ms: Math.min(left, LOOK_MS), signal })
    // Read after subscribing: what moves in between is not missed.
    latest = (await findDeliveryByNumber(core.database.kysely, delivery.number)) ?? latest
    if (isOver(latest.state)) break
    await moved
    latest = (await findDeliveryByNumber(core.database.kysely, delivery.number)) ?? latest
  }
  return latest
}

function nextMove(
  core: Core,
  number: number,
  { ms, signal }: { ms: number; signal: AbortSignal | undefined },
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms)
    const unsubscribe = core.database.signals.subscribe('delivery', (payload) => {
      if (payload === null || payload === String(number)) end()
    })
    signal?.addEventListener('abort', end)
    function end(): void {
      clearTimeout(timer)
      unsubscribe()
      signal?.removeEventListener('abort', end)
      resolve()
    }
  })
}
