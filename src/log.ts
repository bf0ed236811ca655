import { destination, type LevelWithSilent, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: LevelWithSilent
  /** The file descriptor to write to: 1 is the standard output, 2 the standard error. */
  readonly descriptor: 1 | 2
}

/**
 * Logs JSON lines: `level` as a word, `time` in ISO 8601, `msg` a sentence. Lines are gathered for a
 * tenth of a second, because a system call for each costs more than making the line. The last ones are
 * written when the process ends, by an error too; only SIGKILL loses them.
 */
export function createLog({ level, descriptor }: LogOptions): Logger {
  const lines = destination({ dest: descriptor, minLength: 8192, periodicFlush: 100 })
  process.on('exit', () => lines.flushSync())
  return pino(
    {
      level,
      base: null,
      timestamp: createTimestamp(),
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  )
}

/** Many lines are of the same millisecond: formatting it anew was a fifth of what a line costs. */
function createTimestamp(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}
