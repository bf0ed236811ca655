import { setTimeout as pause } from 'node:timers/promises'

/** An error that tells whether the same request may succeed when it is sent again. */
export interface Retriable {
  readonly isTransient: boolean
  /** How long the store asks to be left alone, in ms; null when it does not say. */
  readonly retryAfterMs: number | null
}

export interface PersistOptions {
  /** After so long, in ms, the last error is passed on. */
  readonly patienceMs: number
  readonly signal: AbortSignal | undefined
}

const firstWaitMs = 100
const longestWaitMs = 5000

/**
 * Tries until it succeeds, fails for good, or patience ends. Waits double from 100 ms to 5 s; half of
 * each is by chance, so that nodes that were refused together (503 SlowDown) do not come back together.
 */
export async function persist<T>(
  attempt: () => Promise<T>,
  { patienceMs, signal }: PersistOptions,
): Promise<T> {
  const began = performance.now()
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      if (!isTransient(error)) throw error
      const delay = Math.max(error.retryAfterMs ?? 0, wait * (0.5 + Math.random() / 2))
      if (performance.now() - began + delay > patienceMs) throw error
      // Aborted it rejects, and the next turn throws the signal's own reason.
      await pause(delay, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    }
  }
}

function isTransient(error: unknown): error is Error & Retriable {
  return error instanceof Error && 'isTransient' in error && error.isTransient === true
}
