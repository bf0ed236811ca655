import { formatTable } from './format-table.ts'

/** Prints a command's result: one JSON document for programs, or a text for people. */
export function print(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(`${json === true ? JSON.stringify(value) : text}\n`)
}

/** Prints a new credential: for people one line a part, and a word that it cannot be shown again. */
export function printOnce(
  json: boolean | undefined,
  parts: Readonly<Record<string, string>>,
): void {
  const rows = Object.entries(parts).map(([name, value]) => [name.replaceAll('_', ' '), value])
  print(json, parts, `${formatTable(rows)}\nKeep this now: it is not shown again.`)
}

/** The text of a list: a heading and aligned rows, or a sentence when there is nothing. */
export function formatList(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  nothing: string,
): string {
  return rows.length === 0 ? nothing : formatTable([headings, ...rows])
}

/** A moment (ms since the epoch) in ISO 8601, UTC, without milliseconds; `-` for none. */
export function formatTime(time: number | null): string {
  return time === null
    ? '-'
    : new Date(time)
        .toISOString()
        .replace('.000Z', 'Z')
        .replace(/\.\d+Z/, 'Z')
}
