import type { CompiledQuery, Kysely, Transaction } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { CopyWatch } from './copy-sqlite.ts'
import type { Signals } from './signals.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

/** Either of the two: inside a transaction or not. */
export type Connection = Kysely<Tables> | Transaction<Tables>

/** What a transaction does. It may be done more than once, and counts once: outside of the database it changes nothing. */
export type Work<T> = (db: Transaction<Tables>) => Promise<T>

/**
 * What a transaction sees. `alone`: the database as if all transactions ran one after the other, as they do
 * on SQLite; when another one got in its way, it is undone and done again. `latest`: each of its
 * statements sees what is committed by then, so that it can step over what others hold; it must not
 * write what follows from what it has read before.
 */
export type Isolation = 'alone' | 'latest'

/** The seam behind which SQLite or PostgreSQL lies. The engines differ in what stands here and nowhere else. */
export interface Database {
  readonly engine: Engine
  readonly kysely: Kysely<Tables>
  /**
   * Runs a query that only reads, outside of every change: it sees what is committed and waits for no writer.
   * Where the answer takes no waiting it is there at once: to be awaited by whoever asks.
   */
  read<Row>(query: CompiledQuery<Row>): Row[] | Promise<Row[]>
  /** Runs a change, all of it or nothing; `alone` when not said. */
  transaction<T>(work: Work<T>, isolation?: Isolation): Promise<T>
  /** Runs what changes the schema, all of it or nothing, while no other node does. */
  alone<T>(work: Work<T>): Promise<T>
  /**
   * Writes the whole database, as it is at one moment, into a new file, while it is used; absent where
   * the server has tools of its own for that.
   */
  copyTo?(path: string, watch: CopyWatch): Promise<void>
  /** The greatest number up to which no further event can come; each later one has a greater number. */
  settledEvents(): Promise<number>
  /** The database's time: leases and expiries of all nodes are measured by it. */
  readonly now: Clock
  /** Wakes whoever waits, on every node that uses this database. */
  readonly signals: Signals
  close(): Promise<void>
}
