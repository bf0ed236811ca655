import { readFileSync } from 'node:fs'

/** What a process has in memory, in MB; Linux alone. */
export function residentMegabytes(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return Math.round((Number(pages) * 4096) / 1e6)
}
