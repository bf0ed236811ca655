import type { Progress } from '../../src/upkeep/progress.ts'

/** Follows nothing; `stopAt` ends the work when it hears of that. */
export function silentProgress(stopAt?: (doing: string, done: number | null) => boolean): Progress {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    report(doing, done) {
      if (stopAt?.(doing, done)) controller.abort(new Error('stopped by the test'))
    },
  }
}
