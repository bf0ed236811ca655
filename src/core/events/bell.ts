/** Wakes one sleeper. A bell that rings while nobody sleeps wakes the next one at once. */
export interface Bell {
  ring(): void
  /** Resolves when it rings, or after so many milliseconds: did it ring? */
  rung(ms: number): Promise<boolean>
}

/** A bell that has not rung. */
export function createBell(): Bell {
  let pending = false
  let wake: (() => void) | null = null
  return {
    ring() {
      pending = true
      wake?.()
    },
    async rung(ms) {
      if (!pending) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const timer = setTimeout(resolve, ms)
        await promise
        clearTimeout(timer)
        wake = null
      }
      const rang = pending
      pending = false
      return rang
    },
  }
}
