import type { Progress } from '../upkeep/progress.ts'
import type { DisplayTarget } from './get-display.ts'
import { interruptible } from './interruptible.ts'

/**
 * Runs a long piece of work that Ctrl-C or SIGTERM ends cleanly, and shows how far it is on the standard
 * error: in one line that is written over on a terminal, elsewhere a line for each thing that begins.
 */
export async function withProgress<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const display = createProgressLine(process.stderr)
  try {
    return await interruptible(async (signal) => {
      try {
        return await work({ signal, report: display.show })
      } catch (error) {
        if (!signal.aborted) throw error
        throw new Error('Stopped. The same command goes on from here.', { cause: error })
      }
    })
  } finally {
    display.end()
  }
}

/** How often the line is written over, in ms. */
const DRAW_MS = 200

/**
 * A line that says what is being done: written over on a terminal, once for each step elsewhere.
 */
function createProgressLine(target: DisplayTarget) {
  let last = ''
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    show(doing: string, done: number | null): void {
      const isNew = doing !== last
      last = doing
      if (target.isTTY !== true) {
        if (isNew) target.write(`${doing}\n`)
      } else if (isNew || done === 1 || performance.now() - drawnAt >= DRAW_MS) {
        drawnAt = performance.now()
        const share = done === null ? '' : ` ${Math.floor(done * 100)} %`
        target.write(`\r\x1b[K${doing}${share}`)
      }
    },
    end(): void {
      if (target.isTTY === true && last !== '') target.write('\r\x1b[K')
    },
  }
}
