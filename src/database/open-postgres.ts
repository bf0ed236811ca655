import { type CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { Database, Isolation, Work } from './database.ts'
import { isBrokenKey, isConflict, unavailable } from './postgres/errors.ts'
import { explainUnusable } from './postgres/explain.ts'
import { type Line, openLine } from './postgres/line.ts'
import { connectionConfig, createPool, type PostgresLimits } from './postgres/pool.ts'
import { createServerClock } from './postgres/server-clock.ts'
import { createSettledNumbers } from './postgres/settled-numbers.ts'
import { createSharedSignals } from './postgres/shared-signals.ts'
import { textByBytes } from './postgres/text-by-bytes.ts'
import type { Tables } from './tables.ts'

export interface PostgresOptions extends PostgresLimits {
  /** In place of the server's clock. */
  now?: Clock
}

/**
 * Opens a PostgreSQL database for one node of many. While the server is away everything fails with
 * `unavailable`; once it is back everything works again by itself.
 * @throws Error with one sentence for the operator when it cannot be reached now
 */
export async function openPostgres(url: string, options: PostgresOptions): Promise<Database> {
  const clock = createServerClock()
  let line: Line | null = null
  const signals = createSharedSignals(async (message) => {
    if (line === null) throw new Error('The line does not stand yet.')
    await line.send(message)
  })
  const config = connectionConfig(url, options)
  line = await openLine({
    config: { ...config, query_timeout: options.connectSeconds * 1000 },
    channel: 'claimcheck',
    onNotification: signals.receive,
    onOpen: signals.reconnected,
    onTime: clock.set,
  }).catch((error: unknown) => {
    throw explainUnusable(url, error)
  })
  const pool = createPool(url, options)
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    engine: 'postgres',
    kysely,
    read: <Row>(query: CompiledQuery<Row>) => pool.run<Row>(query.sql, query.parameters),
    transaction: (work, isolation) => repeat(kysely, work, isolation),
    alone: (work) => runAlone(url, options, work),
    settledEvents: createSettledNumbers(pool),
    now: options.now ?? clock.now,
    signals,
    async close() {
      await signals.flush()
      await line.close()
      await kysely.destroy()
      // Kysely ends only a pool that it has used.
      await pool.end()
    },
  }
}

/** So often a change is begun that others get in the way of. */
const MOST_ATTEMPTS = 30
/** A key that is broken so often is broken whoever else is there. */
const MOST_BROKEN_KEYS = 4
/** Waits double up to this, each by chance between nothing and the whole of it. */
const LONGEST_WAIT_MS = 200

const levels = { alone: 'serializable', latest: 'read committed' } as const

/** Does the work again from the start when what another one did at the same time got in its way. */
async function repeat<T>(
  kysely: Kysely<Tables>,
  work: Work<T>,
  isolation: Isolation = 'alone',
): Promise<T> {
  const transaction = kysely.transaction().setIsolationLevel(levels[isolation])
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction.execute(work)
    } catch (error) {
      const brokenKey = isBrokenKey(error)
      if (brokenKey ? attempt === MOST_BROKEN_KEYS : !isConflict(error)) throw error
      if (attempt === MOST_ATTEMPTS) {
        throw unavailable('Too many others are changing the same thing; try again.', error)
      }
      const wait = Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS)
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

/** Any number, but the same for all nodes and versions: it names the lock. */
const ALONE = 7_154_209_633

/** On a connection of its own, because a schema change may take longer than any request. */
async function runAlone<T>(url: string, limits: PostgresLimits, work: Work<T>): Promise<T> {
  const pool = createPool(url, { ...limits, connections: 1, statementSeconds: 0 })
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await kysely.transaction().execute(async (db) => {
      await sql`select pg_advisory_xact_lock(${ALONE})`.execute(db)
      return await work(db.withPlugin(textByBytes))
    })
  } finally {
    await kysely.destroy()
  }
}
