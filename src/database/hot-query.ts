import { type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/**
 * A query that is built once for each database, for the path of every request: building it takes
 * three times as long as running it (44,000 against 148,000 a second). The builder is called with
 * stand-ins; the values come with each call, in the order in which the SQL has them.
 */
export function hotQuery<Row>(
  build: (db: Kysely<Tables>) => CompiledQuery<Row>,
): (database: Database, parameters: readonly unknown[]) => Row[] | Promise<Row[]> {
  const compiled = new WeakMap<Database, CompiledQuery<Row>>()
  return (database, parameters) => {
    let query = compiled.get(database)
    if (query === undefined) {
      query = build(database.kysely)
      compiled.set(database, query)
    }
    if (query.parameters.length !== parameters.length) {
      throw new Error(`The query takes ${query.parameters.length} values: ${query.sql}`)
    }
    return database.read({ ...query, parameters })
  }
}

/**
 * A value of a hot query that joins tables, which SQLite's planner shall not look at. What it has
 * looked at makes it prepare the statement again for each new value: a join of three tables cost 39
 * instead of 7 µs.
 */
export function unseen<Value extends string | number>(value: Value): RawBuilder<Value> {
  return typeof value === 'string'
    ? sql<Value>`cast(${value} as text)`
    : sql<Value>`cast(${value} as bigint)`
}
