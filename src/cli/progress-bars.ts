import type { GetEvent } from '../client/files/get-event.ts'
import { counted } from '../counted.ts'
import { formatBytes, formatDuration } from './format-bytes.ts'
import { fitEnd, fitStart, printable } from './printable.ts'
import { formatStanding } from './standing-note.ts'
import { type Coming, createTransferTally, type TransferTally } from './transfer-tally.ts'

/** A bar for each file that comes, and a line about all of them. */
export interface ProgressBars {
  note(event: GetEvent): void
  /** What is to be seen now: never wider than the terminal, which would break lines, nor higher. */
  lines(terminal: { columns: number; rows: number }): string[]
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
  const tally = createTransferTally()
  const rateOf = createRate(now)
  return {
    note: tally.note,
    lines({ columns, rows }) {
      const width = columns - 1
      const most = Math.max(0, Math.min(mostBars, rows - 3))
      const bars = [...tally.coming].slice(0, most).map(([path, one]) => {
        return formatBar(path, one, { columns: width, isPlain })
      })
      const left = tally.coming.size - most
      const more = left > 0 ? [`… and ${left} more`] : []
      return [...bars, ...more, formatSum(tally, rateOf)].map((line) => fitStart(line, width))
    },
  }
}

/** Bytes per second over the last while, when it is told each time how many have come. */
function createRate(now: () => number): (bytes: number) => number {
  const samples = [{ at: now(), bytes: 0 }]
  return (bytes) => {
    const at = now()
    samples.push({ at, bytes })
    while (samples.length > 2 && (samples[1]?.at ?? at) < at - rateOverMs) samples.shift()
    const [first = { at, bytes }] = samples
    return Math.round(Math.max(0, bytes - first.bytes) / Math.max(0.001, (at - first.at) / 1000))
  }
}

function formatBar(
  path: string,
  { bytes, size }: Coming,
  { columns, isPlain }: { columns: number; isPlain: boolean },
): string {
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

function formatSum(tally: TransferTally, rateOf: (bytes: number) => number): string {
  const { done, files, bytes: here, whole } = tally.sum()
  const rate = rateOf(here)
  const left = whole === null || whole <= here ? null : (whole - here) / rate
  const time = left === null || !Number.isFinite(left) ? '' : `, ${formatDuration(left)} left`
  const bytes = whole === null ? formatBytes(here) : `${formatBytes(here)} of ${formatBytes(whole)}`
  const sum = `${done} of ${counted(files, 'file')}, ${bytes}, ${formatBytes(rate)}/s${time}`
  return tally.standing === null ? sum : `${sum} · ${formatStanding(tally.standing)}`
}
