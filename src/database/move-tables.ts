import { sql } from 'kysely'
import type { CopyWatch } from './copy-sqlite.ts'
import type { Database } from './database.ts'
import { listTables, type TableShape } from './list-tables.ts'
import { countRows, findLastRow, insertRows, readRows, sumTable } from './table-rows.ts'

/** What is now in both. */
export interface MovedTable {
  readonly name: string
  readonly rows: number
  /** SHA-256 of all rows in the order of their keys, hex. */
  readonly digest: string
}

/**
 * Copies every row of a frozen embedded database into a PostgreSQL database that holds the schema and
 * nothing else, or what an interrupted call of this has put there: rows go in the order of their keys,
 * so that the last one that is there says where to go on. Ends by reading both sides.
 * @throws Error when they differ
 */
export async function moveTables(
  from: Database,
  to: Database,
  watch: CopyWatch,
): Promise<MovedTable[]> {
  const tables = await listTables(from.kysely)
  let total = 0
  for (const table of tables) total += await countRows(from.kysely, table)
  let done = 0
  for (const table of tables) {
    done += await countRows(to.kysely, table)
    for await (const page of readRows(from.kysely, table, await findLastRow(to.kysely, table))) {
      watch.signal.throwIfAborted()
      await to.transaction((db) => insertRows(db, table, page))
      done += page.length
      watch.onProgress(done, total)
    }
    await setLastNumber(to, table)
  }
  const moved: MovedTable[] = []
  for (const table of tables) moved.push(await compare(from, to, { table, signal: watch.signal }))
  return moved
}

/** The next row gets the number that it would have got before. */
async function setLastNumber(to: Database, { name, lastNumber }: TableShape): Promise<void> {
  if (lastNumber === null || lastNumber === 0) return
  await sql`select setval(pg_get_serial_sequence(${name}, 'number'), ${lastNumber})`.execute(
    to.kysely,
  )
}

async function compare(
  from: Database,
  to: Database,
  { table, signal }: { table: TableShape; signal: AbortSignal },
): Promise<MovedTable> {
  const [before, after] = await Promise.all([
    sumTable(from.kysely, table, signal),
    sumTable(to.kysely, table, signal),
  ])
  if (before.rows === after.rows && before.digest === after.digest) {
    return { name: table.name, ...after }
  }
  throw new Error(
    `The table ${table.name} is not the same after the move: ${before.rows} rows before, ${after.rows} after${before.rows === after.rows ? ', with other contents' : ''}. Nothing may use the new database; drop it, create it anew and start again.`,
  )
}
