import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { TableShape } from './list-tables.ts'
import type { Tables } from './tables.ts'

export type Row = Record<string, unknown>

/** Some columns of a table, those of its key among them. */
export type TableColumns = Pick<TableShape, 'name' | 'columns' | 'key'>

/** Far below the 65,535 values that one statement of PostgreSQL takes. */
const MOST_VALUES = 20_000
const MOST_ROWS = 1000

/** Rows of a table in the order of its key, in pages, those behind `after` when it is given. */
export async function* readRows(
  db: Kysely<Tables>,
  table: TableColumns,
  after: Row | null = null,
): AsyncGenerator<Row[]> {
  const limit = Math.min(MOST_ROWS, Math.floor(MOST_VALUES / table.columns.length))
  let last = after
  for (;;) {
    const page = await readPage(db, table, { after: last, limit })
    if (page.length > 0) yield page
    if (page.length < limit) return
    last = page.at(-1) ?? null
  }
}

async function readPage(
  db: Kysely<Tables>,
  { name, columns, key }: TableColumns,
  { after, limit }: { after: Row | null; limit: number },
): Promise<Row[]> {
  const keys = sql.join(key.map((column) => sql.ref(column)))
  const behind =
    after === null
      ? sql``
      : sql`where (${keys}) > (${sql.join(key.map((column) => after[column]))})`
  const { rows } = await sql<Row>`
    select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(name)} ${behind}
    order by ${keys} limit ${limit}`.execute(db)
  return rows
}

/** The last row of a table in the order of its key; null when it is empty. */
export async function findLastRow(
  db: Kysely<Tables>,
  { name, columns, key }: TableShape,
): Promise<Row | null> {
  const { rows } = await sql<Row>`
    select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(name)}
    order by ${sql.join(key.map((column) => sql`${sql.ref(column)} desc`))} limit 1`.execute(db)
  return rows[0] ?? null
}

/** Writes rows with all of their columns, as they were read elsewhere. */
export async function insertRows(
  db: Kysely<Tables>,
  { name, columns }: TableShape,
  rows: readonly Row[],
): Promise<void> {
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`)
  await sql`
    insert into ${sql.table(name)} (${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(values)}`.execute(db)
}

/** How many rows a table has. */
export async function countRows(db: Kysely<Tables>, { name }: TableShape): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(name)}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}

/** What a table holds, in a number and a digest: two engines that hold the same say the same. */
export interface TableSum {
  readonly rows: number
  /** SHA-256, hex. */
  readonly digest: string
}

/**
 * Reads a whole table and sums it up.
 * @throws what the signal was aborted with
 */
export async function sumTable(
  db: Kysely<Tables>,
  table: TableShape,
  signal: AbortSignal,
): Promise<TableSum> {
  const hash = createHash('sha256')
  let count = 0
  for await (const page of readRows(db, table)) {
    signal.throwIfAborted()
    for (const row of page) {
      hash.update(`${JSON.stringify(table.columns.map((column) => row[column]))}\n`)
    }
    count += page.length
  }
  return { rows: count, digest: hash.digest('hex') }
}
