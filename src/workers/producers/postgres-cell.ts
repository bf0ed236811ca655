import type { Cell } from '../writers/row-writer.ts'

/** What PostgreSQL's text of a value means, by the object id of its type (pg_type.dat). */
export function readPostgresCell(text: string | null, type: number): Cell {
  if (text === null) return null
  return readers.get(type)?.(text) ?? text
}

const readers: ReadonlyMap<number, (text: string) => Cell> = new Map([
  [16, (text: string): Cell => text === 't'],
  [17, (text: string): Cell => Buffer.from(text.slice(2), 'hex')],
  [20, readInteger],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, (json: string): Cell => ({ json })],
  [700, Number],
  [701, Number],
  [1082, readTime],
  [1114, readTime],
  [1184, readTime],
  [1700, (decimal: string): Cell => ({ decimal })],
  [3802, (json: string): Cell => ({ json })],
])

function readInteger(text: string): Cell {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** `2026-11-21 22:31:00+00` (the session's zone is UTC); `infinity` and years before Christ stay text. */
function readTime(text: string): Cell {
  const match = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?)?$/.exec(text)
  if (match === null) return text
  const [, date = '', time, zone] = match
  if (time === undefined) return { time: date }
  return { time: `${date}T${time}${zone === undefined ? '' : 'Z'}` }
}
