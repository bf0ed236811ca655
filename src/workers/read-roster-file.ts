import { hashPassword, type PasswordCost } from '../auth/password.ts'
import { type ImportRow, type RowOutcome, readRow } from '../core/imports/import-rows.ts'
import { type Header, recognizeHeader } from '../core/imports/import-templates.ts'
import type { ImportCounts } from '../core/imports/imports.ts'
import { CsvError, type CsvParser, type CsvRow, createCsvParser } from './csv-reader.ts'
import type { ImportCalls, ImportReport, ImportTask } from './import-task.ts'
import { createCsvWriter } from './writers/csv.ts'
import type { RowWriter } from './writers/row-writer.ts'

/** Rows that are checked, applied and answered together: 2 to 4 ms of the main thread's time. */
const BATCH = { rows: 50, characters: 131_072 } as const
/** Stands in the result for a password. */
const MASK = '********'

/**
 * Reads a roster file to its end: recognizes the template, checks each row, has the good ones
 * applied, and writes the result file, its rows with `status` and `message` at their ends. What is
 * held in memory does not grow with the file.
 */
export async function readRosterFile(task: ImportTask, calls: ImportCalls): Promise<ImportReport> {
  const counts: ImportCounts = { template: null, created: 0, updated: 0, unchanged: 0, failed: 0 }
  const shelf = openShelf()
  const parser = createCsvParser(shelf.put)
  let book: Book | null = null
  try {
    for (let isEnd = false; !isEnd; ) {
      const bytes = await calls.read()
      isEnd = bytes === null
      const fault = feed(parser, bytes)
      const first = book === null ? shelf.shift() : null
      if (first !== null) book = openBook(first)
      if (fault !== null) throw fault
      while (book !== null && shelf.isFull(isEnd)) {
        await handle(shelf.take(), { task, calls, counts, book })
      }
    }
    if (book === null) throw new CsvError(1, 1, 'The file is empty.')
    await calls.write(book.writer.end())
    return { kind: 'done', counts: { ...counts, template: book.header.template } }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { kind: 'refused', sentence: place(error, book?.header ?? null), counts }
  }
}

/** What stops the parser: told after the header was looked at, which came before it. */
function feed(parser: CsvParser, bytes: Uint8Array | null): CsvError | null {
  try {
    if (bytes === null) parser.end()
    else parser.push(bytes)
    return null
  } catch (error) {
    if (error instanceof CsvError) return error
    throw error
  }
}

/** Where rows wait until they are enough for a batch. */
function openShelf() {
  let rows: CsvRow[] = []
  let characters = 0
  const sizeOf = (row: CsvRow) => row.cells.reduce((sum, cell) => sum + cell.length, 0)
  return {
    put(row: CsvRow): void {
      rows.push(row)
      characters += sizeOf(row)
    },
    shift(): CsvRow | null {
      const row = rows.shift()
      if (row === undefined) return null
      characters -= sizeOf(row)
      return row
    },
    /** @param isLast no more rows will come: then one is enough */
    isFull: (isLast: boolean) =>
      rows.length >= (isLast ? 1 : BATCH.rows) || characters >= BATCH.characters,
    take(): CsvRow[] {
      let count = 0
      for (let sum = 0; count < Math.min(rows.length, BATCH.rows) && sum < BATCH.characters; ) {
        sum += sizeOf(rows[count] as CsvRow)
        count += 1
      }
      const batch = rows.slice(0, count)
      rows = rows.slice(count)
      for (const row of batch) characters -= sizeOf(row)
      return batch
    },
  }
}

interface Book {
  readonly header: Header
  readonly writer: RowWriter
}

function openBook({ cells, number, problem }: CsvRow): Book {
  if (problem !== null) throw new CsvError(number, problem.column, `${problem.sentence}.`)
  const header = recognizeHeader(cells)
  if ('sentence' in header) throw new CsvError(number, header.column, header.sentence)
  const names = header.columns.map(({ name }) => name)
  const options = { byteOrderMark: false, delimiter: ',', formulaSafe: true } as const
  return { header, writer: createCsvWriter([...names, 'status', 'message'], options) }
}

interface Work {
  task: ImportTask
  calls: ImportCalls
  counts: ImportCounts
  book: Book
}

async function handle(batch: readonly CsvRow[], work: Work): Promise<void> {
  const { calls, counts, book } = work
  const { header, writer } = book
  const rows = await Promise.all(
    batch.map((row) => prepare(row, { header, cost: work.task.passwordCost })),
  )
  const outcomes = await calls.apply({ template: header.template, rows })
  await calls.write(
    writer.write(batch.map((row, index) => answered(header, row.cells, outcomes[index]))),
  )
  for (const { status } of outcomes) counts[status === 'error' ? 'failed' : status] += 1
}

/** A row as the main thread may see it: without what it does not need, its password hashed. */
async function prepare(
  { number, cells, problem }: CsvRow,
  { header, cost }: { header: Header; cost: PasswordCost },
): Promise<ImportRow> {
  const row = readRow(header, number, cells)
  const problems =
    problem === null
      ? row.problems
      : [`Column ${problem.column}: ${problem.sentence}.`, ...row.problems]
  if (problems.length > 0) return { ...row, problems, given: {} }
  const password = row.given.users?.password
  if (typeof password !== 'string') return row
  const users = { ...row.given.users, password: await hashPassword(password, cost) }
  return { ...row, given: { ...row.given, users } }
}

function answered(
  { columns }: Header,
  cells: readonly string[],
  outcome: RowOutcome | undefined,
): (string | null)[] {
  const own = columns.map(({ kind }, index) => {
    const cell = cells[index] ?? ''
    // A file that is handed on by a link is no place for passwords.
    if (cell === '') return null
    return kind === 'password' ? MASK : cell.replaceAll('\0', '\ufffd')
  })
  return [...own, outcome?.status ?? 'error', outcome?.message || null]
}

function place({ row, column, message }: CsvError, header: Header | null): string {
  const name = header?.columns[column - 1]?.name
  return `Row ${row}, column ${column}${name === undefined ? '' : ` (${name})`}: ${message}`
}
