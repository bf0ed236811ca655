import type {
  PostgresPool as KyselyPool,
  PostgresCursor,
  PostgresPoolClient,
  PostgresQueryResult,
} from 'kysely'
import pg from 'pg'
import { asPassingTrouble, spoilsConnection } from './errors.ts'
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
    connectionString: url,
    application_name: 'claimcheck',
    types: postgresTypes,
    connectionTimeoutMillis: limits.connectSeconds * 1000,
    statement_timeout: limits.statementSeconds * 1000,
    // A node that was cut off between two statements holds its locks no longer than that.
    idle_in_transaction_session_timeout: limits.statementSeconds * 1000,
    // A server whose machine is gone answers nothing, not even that the statement took too long.
    query_timeout: limits.statementSeconds === 0 ? 0 : (limits.statementSeconds + 5) * 1000,
    keepAlive: true,
  }
}

/** @throws DeliveryError `unavailable`, from everything, in trouble that passes by itself */
export interface PostgresPool extends KyselyPool {
  /** Runs a statement that the server keeps prepared on each connection under this name. */
  runPrepared<Row>(name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]>
}

/** Connections that are made when they are needed, and made anew when the server was away. */
export function createPool(url: string, limits: PostgresLimits): PostgresPool {
  const pool = new pg.Pool({
    ...connectionConfig(url, limits),
    max: limits.connections,
    idleTimeoutMillis: 30_000,
  })
  // A connection that breaks while it is idle has left the pool by itself; one that breaks between two
  // statements fails at the next.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  let ending: Promise<void> | null = null
  return {
    options: pool.options,
    connect: async () => guarded(await pool.connect().catch(rethrow)),
    async runPrepared<Row>(name: string, text: string, parameters: readonly unknown[]) {
      const client = await pool.connect().catch(rethrow)
      try {
        const { rows } = await client.query<Row & object>({
          name,
          text,
          values: asValues(parameters),
        })
        client.release()
        return rows
      } catch (error) {
        client.release(spoilsConnection(error))
        return rethrow(error)
      }
    },
    end() {
      ending ??= pool.end()
      return ending
    },
  }
}

/** A connection that leaves the pool when it has failed in a way that it does not recover from. */
function guarded(client: pg.PoolClient): PostgresPoolClient {
  let spoiled = false

  function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  function query(sql: unknown, parameters: readonly unknown[] = []) {
    if (typeof sql !== 'string') throw new Error('Pages are read by keys, never by cursors.')
    return client.query(sql, asValues(parameters)).catch((error: unknown) => {
      spoiled ||= spoilsConnection(error)
      return rethrow(error)
    }) as unknown
  }

  return { query, release: (destroy = false) => client.release(destroy || spoiled) }
}

/** PostgreSQL has no NUL in its texts: what is looked for with one is not there. */
function asValues(parameters: readonly unknown[]): unknown[] {
  return parameters.map((value) =>
    typeof value === 'string' ? value.replaceAll('\0', '\u{fffd}') : value,
  )
}

function rethrow(error: unknown): never {
  throw asPassingTrouble(error)
}
