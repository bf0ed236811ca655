import type { Transaction } from 'kysely'
import type { Isolation } from '../database/database.ts'
import type { Channel } from '../database/signals.ts'
import type { Tables } from '../database/tables.ts'
import type { Core } from './core.ts'

/** A change under way: everything written through it becomes visible together, or not at all. */
export interface Change {
  readonly db: Transaction<Tables>
  /** The database's time, the same for the whole change. */
  readonly now: number
  /** Wakes listeners once the change is committed; never when it is rolled back. */
  signal(channel: Channel, payload?: string): void
}

/**
 * Runs one change in a transaction and sends its signals after the commit. Inside, await database
 * calls only: SQLite has one connection, and every other request waits for it. On PostgreSQL the
 * work is done again when another change got in its way: it changes nothing but the database.
 */
export async function transact<T>(
  core: Core,
  work: (change: Change) => Promise<T>,
  isolation?: Isolation,
): Promise<T> {
  const signals = new Map<string, [Channel, string]>()
  const result = await core.database.transaction((db) => {
    signals.clear()
    return work({
      db,
      now: core.database.now(),
      signal: (channel, payload = '') => signals.set(`${channel} ${payload}`, [channel, payload]),
    })
  }, isolation)
  for (const [channel, payload] of signals.values()) {
    core.database.signals.notify(channel, payload)
  }
  return result
}
