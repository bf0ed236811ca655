import { createCsvDecoder } from './csv-decoder.ts'

/** A file that cannot be read on as CSV; `row` and `column` count from 1, the header being row 1. */
export class CsvError extends Error {
  override readonly name = 'CsvError'
  readonly row: number
  readonly column: number

  constructor(row: number, column: number, sentence: string) {
    super(sentence)
    this.row = row
    this.column = column
  }
}

export interface CsvRow {
  /** As a spreadsheet counts: the first is 1, and empty lines count. */
  readonly number: number
  readonly cells: readonly string[]
  /** A mistake in the quoting that does not hide where the row ends. */
  readonly problem: { readonly column: number; readonly sentence: string } | null
}

export interface CsvParser {
  /** @throws CsvError when the rest of the file cannot be told apart any more */
  push(bytes: Uint8Array): void
  /** The file ends. @throws CsvError when it ends inside of quotes */
  end(): void
}

/** What one row may hold, so that a file without line breaks needs no more memory than this. */
export const rowLimits = { characters: 1_048_576, cells: 1000 } as const

type Place = 'start' | 'plain' | 'quoted' | 'quote'

const comma = 0x2c
const quoteMark = 0x22
const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Reads CSV (RFC 4180, in UTF-8) as its bytes come; how they are cut makes no difference. Lines may
 * end with CRLF, LF or CR, empty ones are passed over. A quote inside of a cell that does not begin
 * with one stands for itself, as in the TAO template for users (`{"google": "id"}`).
 * @param onRow is called with each row before `push` or `end` returns or throws
 */
export function createCsvParser(onRow: (row: CsvRow) => void): CsvParser {
  const state = newState()
  const decoder = createCsvDecoder(
    (text) => parse(state, text, onRow),
    (sentence) => new CsvError(state.row, state.cells.length + 1, sentence),
  )
  return {
    push: (bytes) => decoder.push(bytes),
    end() {
      decoder.end()
      if (state.place === 'quoted') {
        throw new CsvError(
          state.row,
          state.cells.length + 1,
          'A quote is opened here and never closed.',
        )
      }
      if (state.cells.length > 0 || state.cell !== '' || state.isQuoted) endRow(state, onRow)
    },
  }
}

interface ParserState {
  place: Place
  row: number
  cells: string[]
  cell: string
  /** The cell begins with a quote. */
  isQuoted: boolean
  /** Characters in the cells that are complete. */
  length: number
  problem: CsvRow['problem']
  /** The last character was a CR that ended a row. */
  afterReturn: boolean
}

function newState(): ParserState {
  return {
    ...{ place: 'start', row: 1, cells: [], cell: '', isQuoted: false, length: 0 },
    ...{ problem: null, afterReturn: false },
  }
}

function parse(state: ParserState, text: string, onRow: (row: CsvRow) => void): void {
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (state.place === 'quoted') {
      if (code !== quoteMark) continue
      take(state, text, { from, to: at })
      state.place = 'quote'
      from = at + 1
    } else if (code === comma || code === lineFeed || code === carriageReturn) {
      take(state, text, { from, to: at })
      from = at + 1
      if (code === lineFeed && state.afterReturn) state.afterReturn = false
      else if (code === comma) endCell(state)
      else endRow(state, onRow)
      state.afterReturn = code === carriageReturn
    } else {
      state.afterReturn = false
      if (beginOrGoOn(state, code)) from = at + 1
    }
  }
  take(state, text, { from, to: text.length })
}

/** One character outside of quotes; true when it is a mark and not a part of the cell. */
function beginOrGoOn(state: ParserState, code: number): boolean {
  if (state.place === 'start') {
    state.isQuoted = code === quoteMark
    state.place = state.isQuoted ? 'quoted' : 'plain'
    return state.isQuoted
  }
  if (state.place !== 'quote') return false
  if (code === quoteMark) {
    // RFC 4180 §2.7: two quotes stand for one.
    state.cell += '"'
    state.place = 'quoted'
    return true
  }
  state.place = 'plain'
  state.cell += '"'
  state.problem ??= {
    column: state.cells.length + 1,
    sentence:
      'text follows the closing quote; a quote inside of a quoted cell is written twice ("")',
  }
  return false
}

function take(state: ParserState, text: string, { from, to }: { from: number; to: number }): void {
  if (to > from) state.cell += text.slice(from, to)
  if (state.length + state.cell.length <= rowLimits.characters) return
  const hint = state.isQuoted ? '; the quote that opens this cell may not be closed' : ''
  throw new CsvError(
    state.row,
    state.cells.length + 1,
    `The row is longer than ${rowLimits.characters} characters${hint}.`,
  )
}

function endCell(state: ParserState): void {
  state.cells.push(state.cell)
  state.length += state.cell.length
  if (state.cells.length >= rowLimits.cells) {
    throw new CsvError(
      state.row,
      rowLimits.cells,
      `The row has more than ${rowLimits.cells} cells.`,
    )
  }
  state.cell = ''
  state.isQuoted = false
  state.place = 'start'
}

function endRow(state: ParserState, onRow: (row: CsvRow) => void): void {
  const isEmpty = state.cells.length === 0 && state.cell === '' && !state.isQuoted
  const row: CsvRow = {
    number: state.row,
    cells: [...state.cells, state.cell],
    problem: state.problem,
  }
  Object.assign(state, newState(), { row: state.row + 1, afterReturn: state.afterReturn })
  if (!isEmpty) onRow(row)
}
