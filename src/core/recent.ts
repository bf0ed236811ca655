import type { Database } from '../database/database.ts'
import type { Channel } from '../database/signals.ts'

/**
 * Remembers for one second what was looked up, for paths that are asked the same again and again.
 * A signal empties it at once on every node that hears it; a node that does not hear it believes an
 * old answer for at most that second.
 */
export interface Recent<T> {
  find(key: string): T | null
  /**
   * Called before a look-up, and what it returns after it: an answer that was under way when the
   * signal came is not kept.
   */
  begin(): KeepAnswer<T>
}

/** @param endsAt in ms since the epoch: when the answer ceases to be true by itself */
export type KeepAnswer<T> = (key: string, answer: T, endsAt?: number | null) => void

const KEPT_MS = 1000
const MOST = 10_000

/** A memory of nothing yet, which a signal on the channel empties. */
export function createRecent<T>(database: Database, channel: Channel): Recent<T> {
  const recent = new Map<string, { answer: T; until: number }>()
  let generation = 0
  // Lives as long as the database does, and ends with it.
  database.signals.subscribe(channel, () => {
    generation += 1
    recent.clear()
  })
  return {
    find(key) {
      const found = recent.get(key)
      return found !== undefined && database.now() < found.until ? found.answer : null
    },
    begin() {
      const begun = generation
      return (key, answer, endsAt = null) => {
        if (begun !== generation) return
        // What is older than a second is worth nothing: no order needs to be kept.
        if (recent.size >= MOST) recent.clear()
        const until = Math.min(database.now() + KEPT_MS, endsAt ?? Number.POSITIVE_INFINITY)
        recent.set(key, { answer, until })
      }
    },
  }
}
