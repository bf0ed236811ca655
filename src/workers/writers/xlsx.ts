import type { Row, RowWriter } from './row-writer.ts'
import { escapeXml, styles, textCell, xlsxCell } from './xlsx-cell.ts'
import {
  contentTypes,
  packageRelationships,
  stylesXml,
  workbookRelationships,
  workbookXml,
} from './xlsx-parts.ts'
import { createZipStream } from './zip-stream.ts'

export interface XlsxOptions {
  /** What the sheet would like to be called; characters that a sheet's name cannot hold go. */
  readonly sheet: string
  /** Rows of a sheet with its header; 1,048,576 when absent, the most that a sheet can hold. */
  readonly rowsPerSheet?: number
}

const mostRows = 1_048_576
const mostColumns = 16_384
/** A part of 4 GiB needs the 64-bit extension of ZIP; a sheet that long goes on in a further one. */
const mostBytes = 3 * 2 ** 30
/** Each piece is compressed on its own: 256 KiB cost 1 % against the whole, and are constant memory. */
const pieceLength = 256 * 1024

/**
 * A workbook (ECMA-376, SpreadsheetML) that is written as its rows come. Text is text and never a
 * formula; when a sheet is full the rows go on in a further one, `… (2)`, under the same header.
 * @throws Error when there are more columns than a sheet can hold
 */
export function createXlsxWriter(columns: readonly string[], options: XlsxOptions): RowWriter {
  if (columns.length > mostColumns) {
    throw new Error(`The query has ${columns.length} columns; a sheet holds ${mostColumns}.`)
  }
  return new XlsxWriter(columns, options)
}

class XlsxWriter implements RowWriter {
  readonly #columns: readonly string[]
  readonly #letters: readonly string[]
  readonly #wanted: string
  readonly #rowsPerSheet: number
  readonly #zip = createZipStream()
  readonly #sheets: string[] = []
  /** Bytes that nobody has taken yet. */
  #out: Uint8Array[] = []
  /** XML that is not compressed yet. */
  #pending = ''
  /** Of the sheet that is being written. */
  #rows = 0
  #length = 0

  constructor(columns: readonly string[], options: XlsxOptions) {
    this.#columns = columns
    this.#letters = columns.map((_, index) => columnLetters(index))
    this.#wanted = options.sheet
    this.#rowsPerSheet = Math.min(options.rowsPerSheet ?? mostRows, mostRows)
    this.#beginSheet()
  }

  write(rows: readonly Row[]): Uint8Array {
    for (const row of rows) this.#add(row)
    return this.#take()
  }

  end(): Uint8Array {
    this.#endSheet()
    this.#part('xl/workbook.xml', workbookXml(this.#sheets))
    this.#part('xl/_rels/workbook.xml.rels', workbookRelationships(this.#sheets.length))
    this.#part('xl/styles.xml', stylesXml)
    this.#part('_rels/.rels', packageRelationships)
    this.#part('[Content_Types].xml', contentTypes(this.#sheets.length))
    this.#out.push(this.#zip.end())
    return this.#take()
  }

  #add(row: Row): void {
    if (this.#rows >= this.#rowsPerSheet || this.#length > mostBytes) {
      this.#endSheet()
      this.#beginSheet()
    }
    this.#rows += 1
    this.#pending += rowXml(row, this.#rows, this.#letters)
    if (this.#pending.length >= pieceLength) this.#compress()
  }

  #beginSheet(): void {
    this.#sheets.push(sheetName(this.#wanted, this.#sheets.length + 1))
    this.#out.push(this.#zip.begin(`xl/worksheets/sheet${this.#sheets.length}.xml`))
    this.#pending = sheetStart + headerXml(this.#columns, this.#letters)
    this.#rows = 1
    this.#length = 0
  }

  #endSheet(): void {
    this.#pending += sheetEnd
    this.#compress()
    this.#out.push(this.#zip.endPart())
  }

  #compress(): void {
    const bytes = Buffer.from(this.#pending)
    this.#out.push(this.#zip.write(bytes))
    this.#length += bytes.length
    this.#pending = ''
  }

  #part(name: string, xml: string): void {
    this.#out.push(this.#zip.begin(name), this.#zip.write(Buffer.from(xml)), this.#zip.endPart())
  }

  #take(): Uint8Array {
    const bytes = Buffer.concat(this.#out)
    this.#out = []
    return bytes
  }
}

/** The header stays in sight while the rows scroll. */
const sheetStart =
  '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' +
  '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>' +
  '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
  '</sheetView></sheetViews><sheetData>'
const sheetEnd = '</sheetData></worksheet>'

function headerXml(columns: readonly string[], letters: readonly string[]): string {
  const cells = columns.map((name, index) => textCell(name, `${letters[index]}1`, styles.header))
  return `<row r="1">${cells.join('')}</row>`
}

function rowXml(row: Row, number: number, letters: readonly string[]): string {
  let cells = ''
  for (let index = 0; index < letters.length; index++) {
    cells += xlsxCell(row[index] ?? null, `${letters[index]}${number}`)
  }
  return `<row r="${number}">${cells}</row>`
}

/** 0 is A, 25 Z, 26 AA. */
function columnLetters(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter
}

/** At most 31 characters, none of `\ / ? * [ ] :`, no apostrophe at either end. */
function sheetName(wanted: string, number: number): string {
  const suffix = number === 1 ? '' : ` (${number})`
  const clean = wanted
    .replace(/[\\/?*[\]:\p{Cc}]/gu, ' ')
    .slice(0, 31 - suffix.length)
    .toWellFormed()
    .replace(/^[\s']+|[\s']+$/g, '')
  // "History" is a name that Excel keeps to itself.
  const name = clean === '' || clean.toLowerCase() === 'history' ? 'Sheet1' : clean
  return escapeXml(name + suffix).replaceAll('"', '&quot;')
}
