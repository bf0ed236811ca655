import { type Column, type Header, mainNouns, type RosterNoun } from './import-templates.ts'
import { type RosterValue, readCell } from './import-values.ts'

/** What a row says of one entry: fields with their new values; null takes a field away. */
export type Given = Record<string, RosterValue | null>

/** A row, read by itself: what it says, before anything is looked up. */
export interface ImportRow {
  /** As a spreadsheet counts. */
  readonly number: number
  readonly given: Readonly<Partial<Record<RosterNoun, Given>>>
  /** Sentences. A row with one changes nothing. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export interface RowOutcome {
  readonly status: 'created' | 'updated' | 'unchanged' | 'error'
  readonly message: string
}

/** Reads the cells of a row by the columns of its header. */
export function readRow(header: Header, number: number, cells: readonly string[]): ImportRow {
  const { columns } = header
  const given: Partial<Record<RosterNoun, Given>> = { [mainNouns[header.template]]: {} }
  const row = { number, given, problems: [] as string[], warnings: [] as string[] }
  const surplus = cells.slice(columns.length).some((cell) => cell.trim() !== '')
  if (cells.length < columns.length || surplus) {
    row.problems.push(`The row has ${cells.length} cells, the header has ${columns.length}.`)
    return row
  }
  columns.forEach((column, index) => {
    readInto(row, column, cells[index] ?? '')
  })
  return row
}

interface GrowingRow {
  given: Partial<Record<RosterNoun, Given>>
  problems: string[]
  warnings: string[]
}

function readInto(row: GrowingRow, column: Column, text: string): void {
  const read = readCell(column, text)
  if ('problem' in read) {
    row.problems.push(`${column.name} ${read.problem}.`)
    return
  }
  if (read.warning !== undefined) row.warnings.push(`${column.name}: ${read.warning}.`)
  const fields = row.given[column.noun] ?? {}
  row.given[column.noun] = fields
  const before = fields[column.field]
  // Only the column that TAO prints twice comes here a second time.
  if (before !== undefined && before !== null && read.value !== null && before !== read.value) {
    row.problems.push(`${column.name} is there twice, with two values.`)
  }
  fields[column.field] = read.value ?? before ?? null
}
