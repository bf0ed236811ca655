import type { GetEvent } from '../client/files/get-event.ts'
import { formatBytes, formatDuration } from './format-bytes.ts'

/** Shows what happens while files are fetched. */
export interface GetDisplay {
  show(event: GetEvent): void
  /** Leaves the terminal as it was. */
  end(): void
}

export interface DisplayTarget {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Bars on a terminal; lines elsewhere, one a file. */
export function createGetDisplay(
  target: DisplayTarget,
  { isPlain, isBar }: { isPlain: boolean; isBar: boolean },
): GetDisplay {
  return isBar ? barDisplay(target, isPlain) : lineDisplay(target)
}

/** Control characters of a server's name must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')
}

function lineOf(event: GetEvent): string | null {
  if (event.type === 'done') {
    const word = event.kept ? 'kept   ' : 'fetched'
    return `${word} ${printable(event.path)} (${formatBytes(event.file.size)})`
  }
  if (event.type === 'planned') {
    const size = event.size === null ? '' : ` (${formatBytes(event.size)})`
    return `would fetch ${printable(event.path)}${size}`
  }
  if (event.type === 'failed')
    return `FAILED  ${printable(event.path)}: ${printable(event.error.message)}`
  return null
}

function lineDisplay(target: DisplayTarget): GetDisplay {
  let lastWord = ''
  return {
    show(event) {
      const line = event.type === 'look' ? lookLine(event) : lineOf(event)
      if (line !== null) target.write(`${line}\n`)
    },
    end() {},
  }

  function lookLine({ snapshot }: Extract<GetEvent, { type: 'look' }>): string | null {
    const progress = snapshot.progress === null ? '' : ` ${Math.floor(snapshot.progress * 100)} %`
    const message = snapshot.message === null ? '' : `: ${printable(snapshot.message)}`
    const word = `${snapshot.word}${progress}${message}`
    if (word === lastWord || snapshot.standing === 'done') return null
    lastWord = word
    return word
  }
}

interface Running {
  bytes: number
  size: number | null
}

/** How often the bars are drawn, in ms. */
const drawEveryMs = 100
const mostBars = 8

function barDisplay(target: DisplayTarget, isPlain: boolean): GetDisplay {
  const running = new Map<string, Running>()
  const started = performance.now()
  let [doneFiles, doneBytes, drawn] = [0, 0, 0]
  let standing = ''
  let notes: string[] = []
  const timer = setInterval(draw, drawEveryMs)

  function draw(): void {
    const now = [...running.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    const seconds = (performance.now() - started) / 1000
    const rate = (doneBytes + now) / Math.max(seconds, 0.001)
    const known = [...running.values()].every(({ size }) => size !== null)
    const left = [...running.values()].reduce(
      (sum, { bytes, size }) => sum + (size ?? bytes) - bytes,
      0,
    )
    const eta = known && rate > 0 && left > 0 ? `, ${formatDuration(left / rate)} left` : ''
    const total = `${doneFiles} files, ${formatBytes(doneBytes + now)}, ${formatBytes(rate)}/s${eta}`
    const shown = [...running].slice(0, mostBars)
    const bars = shown.map(([path, one]) => barOf(path, one))
    const more = running.size > mostBars ? [`… and ${running.size - mostBars} more`] : []
    const lines = [...bars, ...more, standing === '' ? total : `${total} · ${standing}`]
    const erase = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`
    const width = (target.columns ?? 80) - 1
    const said = notes.map((note) => `${note}\n`).join('')
    target.write(
      `${erase}${said}${lines.map((line) => `${[...line].slice(0, width).join('')}\n`).join('')}`,
    )
    notes = []
    drawn = lines.length
  }

  function barOf(path: string, { bytes, size }: Running): string {
    const name = printable(path).slice(-40).padEnd(40)
    if (size === null || size === 0) return `${name} ${formatBytes(bytes)}`
    const share = Math.min(1, bytes / size)
    const full = Math.floor(share * 20)
    const bar = `${(isPlain ? '#' : '█').repeat(full)}${(isPlain ? '.' : '░').repeat(20 - full)}`
    return `${name} ${bar} ${String(Math.floor(share * 100)).padStart(3)} % of ${formatBytes(size)}`
  }

  return {
    show(event) {
      if (event.type === 'look') {
        const { word, message } = event.snapshot
        standing = printable(message === null ? word : `${word}: ${message}`)
      } else if (event.type === 'start') {
        running.set(event.path, { bytes: 0, size: event.size })
      } else if (event.type === 'progress') {
        running.set(event.path, { bytes: event.bytes, size: event.size })
      } else if (event.type === 'done' || event.type === 'failed') {
        running.delete(event.path)
        if (event.type === 'done') doneFiles += 1
        if (event.type === 'done' && !event.kept) doneBytes += event.file.size
        if (event.type === 'failed') notes.push(lineOf(event) ?? '')
      } else if (event.type === 'planned') notes.push(lineOf(event) ?? '')
    },
    end() {
      clearInterval(timer)
      draw()
    },
  }
}
