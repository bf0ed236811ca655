import type { PostgresPool as KyselyPool } from 'kysely'
import pg from 'pg'
import { asPassingTrouble } from './errors.ts'
import { openSession, type Session } from './session.ts'
import { createStatements } from './statements.ts'
import { postgresTypes } from './types.ts'

export interface PostgresLimits {
  /** The most connections of this node, beside the one that it listens on. */
  readonly connections: number
  /** A statement that takes longer is ended by the server; 0 for no limit. */
  readonly statementSeconds: number
  /** How long a request waits for a free connection, or for a new one. */
  readonly connectSeconds: number
}

/** What every connection of ours has in common. */
export function connectionConfig(url: string, limits: PostgresLimits): pg.ClientConfig {
  return {
    connectionString: verifying(url),
    application_name: 'claimcheck',
    types: postgresTypes,
    connectionTimeoutMillis: limits.connectSeconds * 1000,
    // A server whose machine is gone answers nothing, not even that the statement took too long.
    query_timeout: limits.statementSeconds === 0 ? 0 : (limits.statementSeconds + 5) * 1000,
    keepAlive: true,
  }
}

/**
 * Where TLS is asked for, the server has to show who it is. `pg` does that for these words, too, and
 * warns at each start that it will not for ever.
 */
function verifying(url: string): string {
  const parsed = new URL(url)
  const mode = parsed.searchParams.get('sslmode') ?? ''
  if (!/^(prefer|require|verify-ca)$/.test(mode)) return url
  parsed.searchParams.set('sslmode', 'verify-full')
  return parsed.href
}

/**
 * A connection over which all single statements go that are under way at the same time, one behind the other: those of
 * one turn go out, and their answers come in, by one system call, which costs more than a look-up does.
 */
interface Shared {
  readonly session: Promise<Session>
  users: number
  /** From when on others begin anew: who comes later does not stand behind a statement that takes long. */
  fullAt: number
}

/** In ms: hundreds of look-ups are sent meanwhile. */
const SHARED_MS = 5

/** @throws DeliveryError `unavailable`, from everything, in trouble that passes by itself */
export interface PostgresPool extends KyselyPool {
  /** Runs one statement outside of any transaction. */
  run<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>
}

/** Connections that are made when they are needed, and made anew when the server was away. */
export function createPool(url: string, limits: PostgresLimits): PostgresPool {
  const pool = new pg.Pool({
    ...connectionConfig(url, limits),
    max: limits.connections,
    idleTimeoutMillis: 30_000,
    // What begins a transaction goes out together with its first statement.
    pipeline: true,
    onConnect: (client) => limitTime(client, limits),
  })
  // A connection that breaks while it is idle has left the pool by itself; one that breaks between two
  // statements fails at the next.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const statements = createStatements()
  const connect = async () => openSession(await pool.connect().catch(rethrow), statements)
  let ending: Promise<void> | null = null
  let shared: Shared | null = null
  function share(): Shared {
    const opened: Shared = { session: connect(), users: 0, fullAt: Number.POSITIVE_INFINITY }
    const fill = () => {
      opened.fullAt = performance.now() + SHARED_MS
    }
    void opened.session.then(fill, () => {})
    return opened
  }
  return {
    options: pool.options,
    connect,
    async run<Row>(sql: string, parameters: readonly unknown[]) {
      if (shared === null || performance.now() >= shared.fullAt) shared = share()
      const mine = shared
      mine.users += 1
      try {
        const session = await mine.session
        session.gather()
        const { rows } = await session.query<Row>(sql, parameters)
        if (shared === mine && session.isSpoiled()) shared = null
        return rows
      } catch (error) {
        // Whoever comes now begins anew, on another connection.
        if (shared === mine) shared = null
        throw error
      } finally {
        mine.users -= 1
        if (mine.users === 0) {
          if (shared === mine) shared = null
          void mine.session.then(
            (session) => session.release(),
            () => {},
          )
        }
      }
    },
    end() {
      ending ??= pool.end()
      return ending
    },
  }
}

/** By a statement: what `pg` would send when it connects, poolers such as PgBouncer refuse. */
async function limitTime(
  client: pg.ClientBase,
  { statementSeconds }: PostgresLimits,
): Promise<void> {
  // A node that was cut off between two statements holds its locks no longer than that, either.
  await client.query(
    `select set_config(name, $1, false)
       from unnest(array['statement_timeout', 'idle_in_transaction_session_timeout']) as name`,
    [`${statementSeconds}s`],
  )
}

function rethrow(error: unknown): never {
  throw asPassingTrouble(error)
}
