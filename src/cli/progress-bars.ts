import type { GetEvent } from '../client/files/get-event.ts'
import { counted } from '../counted.ts'
import { formatBytes, formatDuration } from './format-bytes.ts'
import { fitEnd, fitStart, printable } from './printable.ts'

/** A bar for each file that comes, and a line about all of them. */
export interface ProgressBars {
  note(event: GetEvent): void
  /** What is to be seen now: never wider than the terminal, which would break lines, nor higher. */
  lines(terminal: { columns: number; rows: number }): string[]
}

interface Coming {
  readonly bytes: number
  readonly size: number | null
}

const mostBars = 8
const barColumns = 20
/** The rate is that of so many ms: what was half an hour ago says nothing about what is left. */
const rateOverMs = 5000

/** @param isPlain bars of ASCII */
export function createProgressBars({
  isPlain,
  now = () => performance.now(),
}: {
  isPlain: boolean
  now?: () => number
}): ProgressBars {
  const coming = new Map<string, Coming>()
  const sizes = { listed: 0, unknown: 0 }
  const samples: { at: number; bytes: number }[] = [{ at: now(), bytes: 0 }]
  let [listed, done, skipped, doneBytes, keptBytes] = [0, 0, 0, 0, 0]
  let standing = ''

  function ended(event: Extract<GetEvent, { type: 'done' | 'failed' | 'skipped' }>): void {
    coming.delete(event.path)
    if (event.type === 'skipped') skipped += 1
    else done += 1
    if (event.type !== 'done') sizes.unknown += 1
    else if (event.kept) keptBytes += event.file.size
    else doneBytes += event.file.size
  }

  function total(): string {
    const here = [...coming.values()].reduce((sum, { bytes }) => sum + bytes, doneBytes)
    const rate = rateOf(here)
    const files = `${done} of ${counted(Math.max(listed - skipped, done + coming.size), 'file')}`
    // Sizes of files that failed or were left out are in the sum: it says nothing then.
    const whole =
      sizes.unknown === 0 && sizes.listed > 0 ? sizes.listed - keptBytes : leftIsKnown(here)
    const left = whole === null || whole <= here ? null : (whole - here) / rate
    const time = left === null || !Number.isFinite(left) ? '' : `, ${formatDuration(left)} left`
    const bytes =
      whole === null ? formatBytes(here) : `${formatBytes(here)} of ${formatBytes(whole)}`
    const word = standing === '' ? '' : ` · ${standing}`
    return `${files}, ${bytes}, ${formatBytes(rate)}/s${time}${word}`
  }

  /** When everything that is listed is coming already, the answers told how long it is. */
  function leftIsKnown(here: number): number | null {
    if (done + skipped + coming.size < listed) return null
    let whole = here
    for (const { bytes, size } of coming.values()) {
      if (size === null) return null
      whole += size - bytes
    }
    return whole
  }

  function rateOf(bytes: number): number {
    const at = now()
    samples.push({ at, bytes })
    while (samples.length > 2 && (samples[1]?.at ?? at) < at - rateOverMs) samples.shift()
    const [first = { at, bytes }] = samples
    return Math.round(Math.max(0, bytes - first.bytes) / Math.max(0.001, (at - first.at) / 1000))
  }

  function barOf(path: string, { bytes, size }: Coming, columns: number): string {
    const share = size === null || size === 0 ? null : Math.min(1, bytes / size)
    const about =
      share === null
        ? formatBytes(bytes)
        : `${String(Math.floor(share * 100)).padStart(3)} % of ${formatBytes(size ?? 0)}`
    const hasBar = share !== null && columns >= 60
    const full = Math.floor((share ?? 0) * barColumns)
    const [dark, light] = isPlain ? ['#', '.'] : ['█', '░']
    const bar = hasBar ? `${dark.repeat(full)}${light.repeat(barColumns - full)} ` : ''
    const room = columns - about.length - 1 - (hasBar ? barColumns + 1 : 0)
    return `${fitEnd(printable(path), Math.max(0, Math.min(40, room)))} ${bar}${about}`
  }

  return {
    note(event) {
      if (event.type === 'look') {
        const { word, message, files, progress } = event.snapshot
        const share = progress === null ? '' : ` ${Math.floor(progress * 100)} %`
        standing = printable(`${word}${share}${message === null ? '' : `: ${message}`}`)
        listed += files.length
        for (const { size } of files) {
          if (size === null) sizes.unknown += 1
          else sizes.listed += size
        }
      } else if (event.type === 'start') coming.set(event.path, { bytes: 0, size: event.size })
      else if (event.type === 'progress') coming.set(event.path, event)
      else if (event.type === 'done' || event.type === 'failed' || event.type === 'skipped') {
        ended(event)
      }
    },
    lines({ columns, rows }) {
      const width = columns - 1
      const most = Math.max(0, Math.min(mostBars, rows - 3))
      const shown = [...coming].slice(0, most).map(([path, one]) => barOf(path, one, width))
      const more = coming.size > most ? [`… and ${coming.size - most} more`] : []
      return [...shown, ...more, total()].map((line) => fitStart(line, width))
    },
  }
}
