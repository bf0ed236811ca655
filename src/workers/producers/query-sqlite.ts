import BetterSqlite3 from 'better-sqlite3'
import type { Cell, Row } from '../writers/row-writer.ts'
import { createQueryOutput } from './query-output.ts'
import type { QueryReport, QueryTask } from './query-task.ts'
import type { ParsedSql } from './sql-parameters.ts'

/** Rows that are read before they are written; they are formatted one batch at a time. */
const batchLength = 256

/** Runs a query on an SQLite file, read-only, and writes its rows to the standard output. */
export function runSqliteQuery(task: QueryTask, tell: (report: QueryReport) => void): void {
  try {
    const connection = open(task)
    // One snapshot for the count and the rows.
    connection.exec('begin')
    const total = task.count === null ? null : countRows(connection, task.count, task.values)
    const rows = writeRows(connection, task, { total, tell })
    connection.close()
    tell({ kind: 'done', rows })
  } catch (cause) {
    tell({ kind: 'failed', sentence: `The query failed: ${sentence(cause)}` })
  }
}

function open({ source }: QueryTask): BetterSqlite3.Database {
  if (source.engine !== 'sqlite') throw new Error('its source is not an SQLite file.')
  try {
    const connection = new BetterSqlite3(source.path, { readonly: true, fileMustExist: true })
    // Neither a trigger of a view nor `attach` may write.
    connection.pragma('query_only = ON')
    connection.pragma('trusted_schema = OFF')
    return connection
  } catch (cause) {
    throw new Error(`the database ${source.path} cannot be opened: ${sentence(cause)}`, { cause })
  }
}

type Values = Readonly<Record<string, unknown>>

function countRows(connection: BetterSqlite3.Database, sql: ParsedSql, values: Values): number {
  const counted = connection.prepare(sql.text).pluck().get(pick(sql, values))
  return Number(counted ?? 0)
}

interface Counting {
  readonly total: number | null
  tell(report: QueryReport): void
}

function writeRows(connection: BetterSqlite3.Database, task: QueryTask, to: Counting): number {
  const statement = connection.prepare(task.sql.text)
  if (!statement.reader) throw new Error('it returns no rows; it must be one that reads.')
  const columns = statement.columns()
  const output = createQueryOutput(
    columns.map(({ name }) => name),
    task,
    to,
  )
  const readers = columns.map(({ type }) => readerFor(type))
  // Whole numbers beyond 2^53 would lose digits as JavaScript numbers.
  const rows = statement.safeIntegers().raw().iterate(pick(task.sql, task.values))
  let batch: Row[] = []
  for (const row of rows as IterableIterator<Cell[]>) {
    batch.push(row.map((cell, index) => readers[index]?.(cell) ?? null))
    if (batch.length < batchLength) continue
    output.write(batch)
    batch = []
  }
  output.write(batch)
  return output.end()
}

function pick({ names }: ParsedSql, values: Values): Values {
  return Object.fromEntries(names.map((name) => [name, values[name]]))
}

type CellReader = (cell: Cell) => Cell

/** SQLite has no dates and no booleans; what a column was declared as tells them apart. */
function readerFor(declared: string | null): CellReader {
  if (/^(date|datetime|timestamp)\b/i.test(declared ?? '')) return readTime
  if (/^bool(ean)?\b/i.test(declared ?? '')) return readBoolean
  return readPlain
}

function readPlain(cell: Cell): Cell {
  if (typeof cell !== 'bigint') return cell
  const number = Number(cell)
  return Number.isSafeInteger(number) ? number : cell
}

function readBoolean(cell: Cell): Cell {
  return cell === 0n || cell === 1n ? cell === 1n : readPlain(cell)
}

function readTime(cell: Cell): Cell {
  const iso =
    typeof cell === 'string' && /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z?)?$/.test(cell)
  return iso ? { time: cell.replace(' ', 'T') } : readPlain(cell)
}

function sentence(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return /[.!?]$/.test(message) ? message : `${message}.`
}
