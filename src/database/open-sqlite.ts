import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely'
import { type Clock, systemClock } from '../core/clock.ts'
import { DeliveryError } from '../core/errors.ts'
import { makeFolder } from '../make-folder.ts'
import { copySqlite } from './copy-sqlite.ts'
import type { Database } from './database.ts'
import { FROZEN } from './freeze.ts'
import { createSharedCommits } from './shared-commits.ts'
import { createLocalSignals } from './signals.ts'
import type { Tables } from './tables.ts'

export interface SqliteOptions {
  now?: Clock
}

/**
 * Opens the embedded database, one file. Every commit is on disk before it is acknowledged
 * (`synchronous=FULL`); readers of other processes do not wait for writers (WAL).
 */
export function openSqlite(path: string, options: SqliteOptions = {}): Database {
  if (path !== ':memory:') makeFolder(dirname(path))
  const connection = new BetterSqlite3(path)
  connection.pragma('journal_mode = WAL')
  connection.pragma('synchronous = FULL')
  connection.pragma('foreign_keys = ON')
  // The command line may write while the server runs.
  connection.pragma('busy_timeout = 5000')
  // In KiB; better-sqlite3's own 16 MB for each connection were a tenth of the server's memory, and
  // pages that are not here mostly are in the system's cache.
  connection.pragma('cache_size = -4000')
  const kysely = new Kysely<Tables>({
    dialect: new ImmediateSqliteDialect({ database: keepStatements(connection) }),
  })
  const changes = createSharedCommits(kysely)
  const reader = path === ':memory:' ? null : openReader(path)
  return {
    engine: 'sqlite',
    kysely,
    read: <Row>(query: CompiledQuery<Row>) =>
      reader === null ? readAll(kysely, query) : reader.all<Row>(query),
    transaction: (work) => changes.run(work).catch(explainFrozen),
    alone: (work) => kysely.transaction().execute(work),
    copyTo: (to, watch) => copySqlite(path, to, watch),
    // There is one writer: numbers are given in the order of the commits.
    settledEvents: async () => Number.MAX_SAFE_INTEGER,
    now: options.now ?? systemClock,
    signals: createLocalSignals(),
    async close() {
      await changes.settled()
      reader?.close()
      await kysely.destroy()
    },
  }
}

async function readAll<Row>(kysely: Kysely<Tables>, query: CompiledQuery<Row>): Promise<Row[]> {
  return (await kysely.executeQuery(query)).rows
}

/** In seconds: the new installation may be there by then. */
const ASK_AGAIN = 30

function explainFrozen(error: unknown): never {
  if (!(error instanceof Error && error.message === FROZEN)) throw error
  throw new DeliveryError(
    'unavailable',
    'This installation is being moved: what is here can be read, and nothing can be changed until the move is over.',
    { cause: error, details: { retryAfter: ASK_AGAIN } },
  )
}

/**
 * A second connection for the reads of every request. It sees committed data only, stands behind no
 * transaction, and spares the five promises that a query by Kysely costs: polls went from 0.57 to
 * 0.7 of a bare route.
 */
function openReader(path: string) {
  const connection = new BetterSqlite3(path, { readonly: true })
  connection.pragma('busy_timeout = 5000')
  connection.pragma('cache_size = -4000')
  const statements = keepStatements(connection)
  return {
    all: <Row>({ sql, parameters }: CompiledQuery<Row>) =>
      statements.prepare(sql).all(parameters) as Row[],
    close: () => connection.close(),
  }
}

/**
 * Keeps prepared statements: preparing a look-up by an index takes longer than running it. They are
 * few, because values are bound; lists of changing length make more, so the number has a bound.
 */
function keepStatements(connection: BetterSqlite3.Database): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>()
  return {
    close: () => connection.close(),
    prepare(sql) {
      let statement = kept.get(sql)
      if (statement === undefined) {
        if (kept.size >= 500) kept.clear()
        statement = connection.prepare(sql)
        kept.set(sql, statement)
      }
      return statement
    },
  }
}

/**
 * Begins transactions with the write lock. A transaction that begins as a reader and then writes
 * fails at once, without waiting, when another process has written in between (SQLITE_BUSY_SNAPSHOT).
 */
class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: { database: SqliteDatabase }

  constructor(config: { database: SqliteDatabase }) {
    super(config)
    this.#config = config
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#config)
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter()
  }
}

/** SQLite's schema changes are undone with their transaction, which Kysely makes no use of by itself. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  /** A full disk has undone it already, and is what is to be told. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error: unknown) => {
      if (!(error instanceof Error && /no transaction is active/.test(error.message))) throw error
    })
  }
}
