import pg from 'pg'
import type { Cell, Row } from '../writers/row-writer.ts'
import { readPostgresCell } from './postgres-cell.ts'
import { createQueryOutput } from './query-output.ts'
import type { QueryReport, QueryTask } from './query-task.ts'
import type { ParsedSql } from './sql-parameters.ts'

export interface Watcher {
  tell(report: QueryReport): void
  /** Aborted when nobody waits for the rows any more. */
  readonly signal: AbortSignal
}

/** Reads by a cursor of the server's, in a read-only transaction, and writes to the standard output. */
export async function runPostgresQuery(task: QueryTask, watcher: Watcher): Promise<void> {
  const client = createClient(task)
  // A connection that breaks between two statements says so by an event.
  client.on('error', () => {})
  try {
    await client.connect()
    const unwatch = await cancelOnAbort(client, task, watcher.signal)
    const rows = await readAll(client, task, watcher)
    unwatch()
    watcher.tell({ kind: 'done', rows })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    watcher.tell({ kind: 'failed', sentence: `The query failed: ${message.replace(/\.$/, '')}.` })
  } finally {
    await client.end().catch(() => {})
  }
}

function createClient({ source }: QueryTask): pg.Client {
  if (source.engine !== 'postgres') throw new Error('its source is not PostgreSQL.')
  return new pg.Client({
    connectionString: source.url,
    application_name: 'claimcheck',
    connectionTimeoutMillis: 15_000,
    // Every value as the text that PostgreSQL writes; `readPostgresCell` knows what it means.
    types: { getTypeParser: () => (text: string) => text },
  })
}

/** A server that is busy with a step does not notice that its client has gone, so it is told. */
async function cancelOnAbort(
  client: pg.Client,
  task: QueryTask,
  signal: AbortSignal,
): Promise<() => void> {
  const { rows } = await client.query<{ pid: string }>('select pg_backend_pid() as pid')
  const pid = Number(rows[0]?.pid)
  const cancel = async () => {
    const second = createClient(task)
    second.on('error', () => {})
    try {
      await second.connect()
      await second.query('select pg_cancel_backend($1)', [pid])
    } finally {
      process.exit(1)
    }
  }
  const abort = () => void cancel().catch(() => {})
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}

async function readAll(client: pg.Client, task: QueryTask, watcher: Watcher): Promise<number> {
  // Repeatable read: the count and all the rows are of one moment.
  await client.query('begin isolation level repeatable read read only')
  await client.query(
    "set local time zone 'UTC'; set local datestyle to iso; set local intervalstyle to iso_8601; set local bytea_output to hex",
  )
  if (task.timeoutSeconds !== null) {
    // Not when connecting: poolers such as PgBouncer refuse it there.
    await client.query(`set local statement_timeout = ${Math.ceil(task.timeoutSeconds * 1000)}`)
  }
  const total = task.count === null ? null : await countRows(client, task.count, task.values)
  const { text, names } = task.sql
  await client.query(
    `declare claimcheck_rows no scroll cursor for ${text}`,
    bind(names, task.values),
  )
  let length = 16
  let batch = await fetchRows(client, length)
  const columns = batch.fields.map(({ name }) => name)
  const output = createQueryOutput(columns, task, { total, tell: watcher.tell })
  while (batch.rows.length > 0) {
    output.write(batch.rows.map((row) => readRow(row, batch.fields)))
    length = nextLength(length, batch.rows)
    batch = await fetchRows(client, length)
  }
  await client.query('commit')
  return output.end()
}

async function countRows(
  client: pg.Client,
  sql: ParsedSql,
  values: QueryTask['values'],
): Promise<number> {
  const { rows } = await client.query<string[]>({
    text: sql.text,
    values: bind(sql.names, values),
    rowMode: 'array',
  })
  return Number(rows[0]?.[0] ?? 0)
}

function bind(names: readonly string[], values: QueryTask['values']): unknown[] {
  return names.map((name) => values[name])
}

type TextRow = (string | null)[]

function fetchRows(client: pg.Client, length: number): Promise<pg.QueryArrayResult<TextRow>> {
  return client.query<TextRow>({ text: `fetch ${length} from claimcheck_rows`, rowMode: 'array' })
}

function readRow(row: TextRow, fields: readonly pg.FieldDef[]): Row {
  return row.map((text, index): Cell => readPostgresCell(text, fields[index]?.dataTypeID ?? 0))
}

/** As many rows as make about 512 KiB of text: rows may hold a number each, or a document each. */
function nextLength(length: number, rows: readonly TextRow[]): number {
  const size = rows.reduce(
    (sum, row) => row.reduce((inner, text) => inner + (text?.length ?? 0) + 8, sum),
    0,
  )
  const wanted = Math.floor((512 * 1024 * rows.length) / size)
  return Math.max(1, Math.min(wanted, length * 4, 2000))
}
