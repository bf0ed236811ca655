import {
  type CompiledQuery,
  type Insertable,
  type InsertObject,
  type Kysely,
  type RawBuilder,
  type Selectable,
  sql,
} from 'kysely'
import type { Connection, Database } from './database.ts'
import type { Tables } from './tables.ts'

/**
 * A query that is built once for each database, for the path of every request: building it takes
 * three times as long as running it (44,000 against 148,000 a second). The builder is called with
 * stand-ins; the values come with each call, in the order in which the SQL has them.
 */
export function hotQuery<Row>(
  build: (db: Kysely<Tables>) => CompiledQuery<Row>,
): (database: Database, parameters: readonly unknown[]) => Row[] | Promise<Row[]> {
  const compile = once(build)
  return (database, parameters) => {
    const query = compile(database.kysely)
    demandCount(query, parameters)
    return database.read({ ...query, parameters })
  }
}

/** The same for a statement inside of a change, or one that writes. */
export function hotStatement<Row>(
  build: (db: Kysely<Tables>) => CompiledQuery<Row>,
): (db: Connection, parameters: readonly unknown[]) => Promise<Row[]> {
  const compile = once(build)
  return async (db, parameters) => {
    const query = compile(db)
    demandCount(query, parameters)
    return (await db.executeQuery<Row>({ ...query, parameters })).rows
  }
}

/** The same for putting one row into a table; the columns are those of the first row. Returns it as it is there. */
export function hotInsert<Name extends keyof Tables & string>(
  table: Name,
): (db: Connection, row: Insertable<Tables[Name]>) => Promise<Selectable<Tables[Name]>> {
  let columns: string[] | null = null
  let insert: ReturnType<typeof hotStatement<Selectable<Tables[Name]>>> | null = null
  return async (db, row) => {
    columns ??= Object.keys(row)
    insert ??= hotStatement((kysely) =>
      kysely
        .insertInto(table)
        .values(row as InsertObject<Tables, Name>)
        .returningAll()
        .$castTo<Selectable<Tables[Name]>>()
        .compile(),
    )
    const values = columns.map((column) => (row as Record<string, unknown>)[column])
    const [inserted] = await insert(db, values)
    return inserted as Selectable<Tables[Name]>
  }
}

/** Builds a statement once for each kind of database; transactions are of the same kind as their database. */
function once<Row>(
  build: (db: Kysely<Tables>) => CompiledQuery<Row>,
): (db: Kysely<Tables>) => CompiledQuery<Row> {
  const compiled = new WeakMap<object, CompiledQuery<Row>>()
  return (db) => {
    const { adapter } = db.getExecutor()
    let query = compiled.get(adapter)
    if (query === undefined) {
      query = build(db)
      compiled.set(adapter, query)
    }
    return query
  }
}

function demandCount({ sql, parameters: needed }: CompiledQuery, given: readonly unknown[]): void {
  if (needed.length === given.length) return
  throw new Error(`The query takes ${needed.length} values: ${sql}`)
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
