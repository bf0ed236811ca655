import { looksLikeFormula } from './formula.ts'
import type { Cell } from './row-writer.ts'

/** The cell formats of `styles.xml`, by their place in it. */
export const styles = { plain: 0, header: 1, text: 2, date: 3, dateTime: 4 } as const

/** What a cell of a sheet holds at most, in UTF-16 units (Excel specifications and limits). */
const longestText = 32_767
/** Excel keeps 15 digits of a number; one with more stays whole as text. */
const mostDigits = 15

/**
 * One cell as SpreadsheetML (ECMA-376 §18.3.1.4), never a formula; empty for null.
 * @param reference where it stands: `B7`
 */
export function xlsxCell(cell: Cell, reference: string): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return textCell(cell, reference)
  if (typeof cell === 'boolean') return `<c r="${reference}" t="b"><v>${Number(cell)}</v></c>`
  if (typeof cell === 'number') return numberCell(cell, reference)
  if (typeof cell === 'bigint') return digitsCell(String(cell), reference)
  if (cell instanceof Uint8Array) return textCell(Buffer.from(cell).toString('base64'), reference)
  if ('decimal' in cell) return digitsCell(cell.decimal, reference)
  return 'time' in cell ? timeCell(cell.time, reference) : textCell(cell.json, reference)
}

/** A cell of text; the style says that it is text and stays text, also when somebody edits it. */
export function textCell(text: string, reference: string, style: number = styles.plain): string {
  const kept = looksLikeFormula(text) ? styles.text : style
  const format = kept === styles.plain ? '' : ` s="${kept}"`
  const space = /^\s|\s$|\s\s/.test(text) ? ' xml:space="preserve"' : ''
  return `<c r="${reference}" t="inlineStr"${format}><is><t${space}>${escapeXml(cut(text))}</t></is></c>`
}

function numberCell(value: number, reference: string): string {
  const long = Number.isInteger(value) && String(Math.abs(value)).length > mostDigits
  // A whole number within the safe range may be a code; a larger one is a measure, and has an exponent.
  if (!Number.isFinite(value) || (long && Number.isSafeInteger(value))) {
    return textCell(String(value), reference)
  }
  return `<c r="${reference}"><v>${value}</v></c>`
}

function digitsCell(digits: string, reference: string): string {
  const number = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(digits)
  if (!number || significant(digits) > mostDigits) return textCell(digits, reference)
  return `<c r="${reference}"><v>${digits}</v></c>`
}

function significant(digits: string): number {
  return digits
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '').length
}

function timeCell(time: string, reference: string): string {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d+)?)Z?)?$/.exec(time)
  const milliseconds =
    match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}Z`)
  const serial = milliseconds / 86_400_000 + daysToEpoch
  // Before March 1900 the day numbers of Excel and of the calendar differ.
  if (!(serial >= 61 && serial < 2_958_466)) return textCell(time, reference)
  const style = match?.[2] === undefined ? styles.date : styles.dateTime
  return `<c r="${reference}" s="${style}"><v>${Number(serial.toFixed(9))}</v></c>`
}

/** From 30 December 1899, day 0 of Excel's calendar after February 1900, to 1 January 1970. */
const daysToEpoch = 25_569

function cut(text: string): string {
  if (text.length <= longestText) return text
  const note = ` … [cut; ${text.length} characters]`
  return text.slice(0, longestText - note.length).toWellFormed() + note
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Text for an element. What XML 1.0 cannot hold is written `_xHHHH_` (ECMA-376 §22.9.2.19), so that
 * nothing is lost; a text that already looks so has its first `_` written that way.
 */
export function escapeXml(text: string): string {
  if (!/[&<>\p{Cc}\p{Cs}\ufffe\uffff]|_x/u.test(text)) return text
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot hold
    /[&<>]|_(?=x[\dA-Fa-f]{4}_)|[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Cs}/gu,
    (found) =>
      entities[found] ?? `_x${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
  )
}
