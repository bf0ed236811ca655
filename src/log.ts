import { destination, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: LevelWithSilent
  /** The file descriptor to write to: 1 is the standard output, 2 the standard error. */
  readonly descriptor: 1 | 2
}

/** Logs JSON lines: `level` as a word, `time` in ISO 8601, `msg` a sentence. */
export function createLog({ level, descriptor }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination(descriptor),
  )
}
