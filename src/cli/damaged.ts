import type { DamagedFile } from '../core/upkeep/copy-files.ts'

/** As many as a person reads; programs take all of them from the JSON. */
const SHOWN = 20

/** One line for each damaged file, up to a number of them. */
export function formatDamaged(damaged: readonly DamagedFile[]): string[] {
  const lines = damaged
    .slice(0, SHOWN)
    .map(({ object_key: key, problem }) => `  ${key}: ${problem}`)
  const more = damaged.length - SHOWN
  return more > 0 ? [...lines, `  and ${more} more`] : lines
}

/** @throws Error that makes the exit code 1 when there are any */
export function refuseDamaged(damaged: readonly DamagedFile[]): void {
  if (damaged.length === 0) return
  throw new Error(
    `${damaged.length} ${damaged.length === 1 ? 'file is' : 'files are'} missing or damaged at the source; everything else is done.`,
  )
}
