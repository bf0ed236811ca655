import { destination, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: LevelWithSilent
  /** The file descriptor to write to: 1 is the standard output, 2 the standard error. */
  readonly descriptor: 1 | 2
}

/**
 * Lines are gathered for a moment, because a system call for each costs more than making the line.
 * They are written when the process ends, by an error too; only SIGKILL loses the last of them. A
 * reader that has stopped reading costs so much memory, then lines.
 */
const gathering = { minLength: 8192, periodicFlush: 100, maxLength: 16 * 1024 * 1024 }

/** Logs JSON lines: `level` as a word, `time` in ISO 8601, `msg` a sentence. */
export function createLog({ level, descriptor }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: descriptor, sync: false, ...gathering }),
  )
}
