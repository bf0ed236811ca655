import { looksLikeFormula } from './formula.ts'
import type { Cell, Row, RowWriter } from './row-writer.ts'

export interface CsvOptions {
  /** Begins with U+FEFF, by which Excel knows UTF-8. */
  readonly byteOrderMark: boolean
  readonly delimiter: ',' | ';' | '\t'
  /** Puts an apostrophe before text that a spreadsheet would run as a formula. */
  readonly formulaSafe: boolean
}

/**
 * RFC 4180 in UTF-8: lines end with CRLF, the first holds the columns' names. Null is an empty cell, an empty text is `""`, bytes are
 * base64.
 */
export function createCsvWriter(columns: readonly string[], options: CsvOptions): RowWriter {
  let pending = `${options.byteOrderMark ? '\ufeff' : ''}${line(columns, options)}`
  return {
    write(rows) {
      for (const row of rows) pending += line(row, options)
      const bytes = Buffer.from(pending)
      pending = ''
      return bytes
    },
    end: () => Buffer.from(pending),
  }
}

function line(row: Row, options: CsvOptions): string {
  // A line of nothing would be skipped by most readers, and the row with it.
  if (row.length === 1 && row[0] === null) return '""\r\n'
  let text = ''
  for (let index = 0; index < row.length; index++) {
    if (index > 0) text += options.delimiter
    text += field(row[index] ?? null, options)
  }
  return `${text}\r\n`
}

function field(cell: Cell, { formulaSafe }: CsvOptions): string {
  if (cell === null) return ''
  if (typeof cell === 'string') {
    return quote(formulaSafe && looksLikeFormula(cell) ? `'${cell}` : cell)
  }
  if (typeof cell !== 'object') return String(cell)
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  if ('decimal' in cell) return cell.decimal
  return quote('time' in cell ? cell.time : cell.json)
}

/** RFC 4180 §2.6; all the delimiters, because a spreadsheet may take another one for the separator. */
function quote(text: string): string {
  if (text !== '' && !/[",;\t\r\n]|^ | $/.test(text)) return text
  return `"${text.replaceAll('"', '""')}"`
}
