import type { Cell, Row, RowWriter } from './row-writer.ts'

/**
 * One JSON object a line, in UTF-8. Numbers keep all their digits, JSON values stay JSON, bytes are
 * base64. Without rows the file is empty.
 * @throws Error when two columns have one name
 */
export function createNdjsonWriter(columns: readonly string[]): RowWriter {
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new Error(`Two columns are called "${twice}"; give one of them another name with "as".`)
  }
  const keys = columns.map((name) => `${JSON.stringify(name)}:`)
  return {
    write: (rows) => Buffer.from(rows.map((row) => line(keys, row)).join('')),
    end: () => new Uint8Array(0),
  }
}

function line(keys: readonly string[], row: Row): string {
  const members = keys.map((key, index) => key + json(row[index] ?? null))
  return `{${members.join(',')}}\n`
}

function json(cell: Cell): string {
  if (cell === null) return 'null'
  if (typeof cell === 'bigint') return String(cell)
  // Text that is not well-formed Unicode could not be read back.
  if (typeof cell === 'string') return JSON.stringify(cell.toWellFormed())
  if (typeof cell !== 'object') return JSON.stringify(cell)
  if (cell instanceof Uint8Array) return JSON.stringify(Buffer.from(cell).toString('base64'))
  if ('decimal' in cell) return /^-?\d/.test(cell.decimal) ? cell.decimal : 'null'
  // Between the tokens of JSON a line break means nothing, and inside a text there is none.
  return 'time' in cell ? JSON.stringify(cell.time) : cell.json.replace(/[\r\n]+/g, ' ')
}
