import type { PostgresCursor, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type pg from 'pg'
import { asPassingTrouble, isOutdatedPlan, spoilsConnection } from './errors.ts'
import type { Statements } from './statements.ts'

/** A connection in use, as Kysely wants it. */
export interface Session extends PostgresPoolClient {
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  /** Holds back what is sent until the others who want to send in this turn have said it. */
  gather(): void
  /** It leaves the pool when it is released: nobody new should begin to use it. */
  isSpoiled(): boolean
}

/**
 * A connection that leaves the pool when it has failed in a way that it does not recover from. Its
 * statements are kept prepared. What begins a transaction waits for the first statement and goes out
 * with it: that is one round trip less.
 * @throws DeliveryError `unavailable`, from its queries, in trouble that passes by itself
 */
export function openSession(client: pg.PoolClient, statements: Statements): Session {
  let spoiled = false
  let beginning: string | null = null
  let inTransaction = false
  let gathering = false

  async function run(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    if (isBeginning(text)) {
      beginning = text
      return nothing
    }
    const begin = beginning
    beginning = null
    if (isEnd(text)) {
      inTransaction = false
      if (begin !== null) return nothing
      const ended = await client.query(text)
      // PostgreSQL's word for it: a statement had failed, and whoever made the change passed over it.
      if (text === 'commit' && ended.command === 'ROLLBACK') {
        throw new Error('PostgreSQL has undone the change: one of its statements had failed.')
      }
      return ended
    }
    if (begin === null) return await runKept(text, parameters)
    inTransaction = true
    // In one packet: to send one costs more than to put the statement together.
    const { stream } = client.connection
    stream.cork()
    const sent = [client.query(begin), runKept(text, parameters)] as const
    stream.uncork()
    const [begun, done] = await Promise.allSettled(sent)
    if (begun.status === 'rejected') throw begun.reason
    if (done.status === 'rejected') throw done.reason
    return done.value
  }

  async function runKept(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    const values = asValues(parameters)
    const name = statements.nameOf(text)
    if (name === null) return await client.query(text, values)
    try {
      return await client.query({ name, text, values })
    } catch (error) {
      // Nothing was done, and the connection will go; a transaction is begun anew by whoever has begun it.
      if (inTransaction || !isOutdatedPlan(error)) throw error
      spoiled = true
      return await client.query(text, values)
    }
  }

  function query<Row>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<PostgresQueryResult<Row>>
  function query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  function query(sql: unknown, parameters: readonly unknown[] = []) {
    if (typeof sql !== 'string') throw new Error('Pages are read by keys, never by cursors.')
    return run(sql, parameters).catch((error: unknown) => {
      spoiled ||= spoilsConnection(error)
      throw asPassingTrouble(error)
    }) as unknown
  }

  return {
    query,
    gather() {
      if (gathering) return
      gathering = true
      const { stream } = client.connection
      stream.cork()
      setImmediate(() => {
        gathering = false
        stream.uncork()
      })
    },
    isSpoiled: () => spoiled,
    release: (destroy = false) => client.release(destroy || spoiled),
  }
}

const nothing: pg.QueryResult = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] }

function isBeginning(text: string): boolean {
  return text === 'begin' || text.startsWith('start transaction')
}

function isEnd(text: string): boolean {
  return text === 'commit' || text === 'rollback'
}

/** PostgreSQL has no NUL in its texts: what is looked for with one is not there. */
function asValues(parameters: readonly unknown[]): unknown[] {
  return parameters.map((value) =>
    typeof value === 'string' ? value.replaceAll('\0', '\u{fffd}') : value,
  )
}
