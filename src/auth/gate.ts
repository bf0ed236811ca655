import { DeliveryError } from '../core/errors.ts'

/** Runs a piece of work when its turn comes. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Lets only so many pieces of work run at once, first come, first served. Once more than `waiting`
 * stand in line the next is refused.
 * @throws DeliveryError `unavailable`, with `retryAfter` in seconds
 */
export function createGate({ atOnce, waiting }: { atOnce: number; waiting: number }): Gate {
  const line: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= atOnce) {
      if (line.length >= waiting) {
        throw new DeliveryError(
          'unavailable',
          'Too many sign-ins at once; try again in a moment.',
          {
            details: { retryAfter: 5 },
          },
        )
      }
      // The one who leaves hands its place on, so that nobody overtakes.
      await new Promise<void>((enter) => line.push(enter))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = line.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
