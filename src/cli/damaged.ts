import type { DamagedFile } from '../core/kept-files/copy-files.ts'
import { counted } from '../counted.ts'

/** As many as a person reads; programs take all of them from the JSON. */
const SHOWN = 20

/** One line for each damaged file, up to a number of them. */
export function formatDamaged(damaged: readonly DamagedFile[], count = damaged.length): string[] {
  return formatSome(
    damaged.map(({ object_key: key, problem }) => `${key}: ${problem}`),
    count,
  )
}

/** Indented lines, as many as a person reads, and how many more there are of `count`. */
export function formatSome(lines: readonly string[], count = lines.length): string[] {
  const shown = lines.slice(0, SHOWN).map((line) => `  ${line}`)
  return count > shown.length ? [...shown, `  and ${count - shown.length} more`] : shown
}

/** @throws Error that makes the exit code 1 when there are any */
export function refuseDamaged(damaged: readonly DamagedFile[]): void {
  if (damaged.length === 0) return
  throw new Error(
    `Missing or damaged at the source: ${counted(damaged.length, 'file')}; everything else is done.`,
  )
}
