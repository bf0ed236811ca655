import type { CompiledQuery, Kysely, Transaction } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { Signals } from './signals.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

/** Either of the two: inside a transaction or not. */
export type Connection = Kysely<Tables> | Transaction<Tables>

/** The seam behind which SQLite or PostgreSQL lies. The engines differ in what stands here and nowhere else. */
export interface Database {
  readonly engine: Engine
  readonly kysely: Kysely<Tables>
  /** Runs a query that only reads, outside of every change: it sees what is committed and waits for no writer. */
  read<Row>(query: CompiledQuery<Row>): Promise<Row[]>
  /** The database's time: leases and expiries of all nodes are measured by it. */
  readonly now: Clock
  /** Wakes whoever waits, on every node that uses this database. */
  readonly signals: Signals
  close(): Promise<void>
}
