import type { Wait } from '../wait.ts'

/** Shares a number of bytes a second among all transfers of a run. */
export interface RateLimit {
  /** Resolves when so many bytes more may come. */
  take(bytes: number, signal?: AbortSignal): Promise<void>
}

/** @param bytesPerSecond above 0 */
export function createRateLimit(bytesPerSecond: number, wait: Wait, now: () => number): RateLimit {
  // When everything that was taken so far is paid for.
  let paidAt = now()
  return {
    async take(bytes, signal) {
      const at = now()
      paidAt = Math.max(paidAt, at - 250) + (bytes / bytesPerSecond) * 1000
      if (paidAt > at) await wait(paidAt - at, signal)
    },
  }
}
