import type { GetEvent } from '../client/files/get-event.ts'
import { formatBytes } from './format-bytes.ts'
import { printable } from './printable.ts'
import { createProgressBars } from './progress-bars.ts'
import { createStandingNote } from './standing-note.ts'

/** Shows what happens while files are fetched. */
export interface GetDisplay {
  show(event: GetEvent): void
  /** Says something beside the progress. */
  readonly note: (line: string) => void
  /** Leaves the terminal as it was. */
  end(): void
}

export interface DisplayTarget {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Bars on a terminal that can draw them; lines elsewhere, one a file; nothing for programs. */
export function createGetDisplay(
  target: DisplayTarget,
  { mode, isPlain }: { mode: 'bars' | 'lines' | 'nothing'; isPlain: boolean },
): GetDisplay {
  if (mode === 'bars') return barDisplay(target, isPlain)
  return mode === 'lines' ? lineDisplay(target) : { show() {}, note() {}, end() {} }
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
  const note = (line: string) => void target.write(`${line}\n`)
  const noteStanding = createStandingNote(note)
  return {
    show(event) {
      const line = lineOf(event)
      if (event.type === 'look') noteStanding(event.snapshot)
      else if (line !== null) note(line)
    },
    note,
    end() {},
  }
}

/** How often the bars are drawn, in ms. */
const drawEveryMs = 100

function barDisplay(target: DisplayTarget, isPlain: boolean): GetDisplay {
  const bars = createProgressBars({ isPlain })
  let notes: string[] = []
  let drawn = 0
  // Not before there is something to draw: until then a question for a secret may be on the terminal.
  let timer: NodeJS.Timeout | null = null

  function draw(): void {
    const lines = bars.lines({ columns: target.columns ?? 80, rows: target.rows ?? 24 })
    const erase = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`
    target.write(erase + [...notes, ...lines].map((line) => `${line}\n`).join(''))
    notes = []
    drawn = lines.length
  }

  return {
    show(event) {
      timer ??= setInterval(draw, drawEveryMs)
      bars.note(event)
      const note = event.type === 'failed' || event.type === 'planned' ? lineOf(event) : null
      if (note !== null) notes.push(note)
    },
    note(line) {
      if (timer === null) target.write(`${line}\n`)
      else notes.push(line)
    },
    end() {
      if (timer === null) return
      clearInterval(timer)
      draw()
    },
  }
}
