import type { Core } from '../core.ts'
import { createBell } from '../events/bell.ts'
import { nextClaimableAt } from '../jobs/jobs.ts'

/** Signals can be lost between nodes: a waiter looks by itself this often. */
const LOOK_MS = 2000

/**
 * Tries until something comes, `forMs` have passed (then null), or the signal aborts (then null).
 * Each new job of the queues wakes it.
 */
export async function waitForWork<T>(
  core: Core,
  { queues, forMs, signal }: { queues: readonly string[]; forMs: number; signal: AbortSignal },
  attempt: () => Promise<T | null>,
): Promise<T | null> {
  const deadline = performance.now() + forMs
  const bell = createBell()
  const unsubscribe = core.database.signals.subscribe('jobs', (queue) => {
    if (queue === null || queues.includes(queue)) bell.ring()
  })
  signal.addEventListener('abort', bell.ring)
  try {
    // Claimed for somebody who has left, a job would only come back when its lease ends.
    while (!signal.aborted) {
      const found = await attempt()
      if (found !== null) return found
      const left = deadline - performance.now()
      if (left <= 0) return null
      const due = await nextClaimableAt(core.database.kysely, { queues })
      const untilDue = due === null ? LOOK_MS : Math.max(20, due - core.database.now())
      await bell.rung(Math.min(left, untilDue, LOOK_MS))
    }
    return null
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', bell.ring)
  }
}
