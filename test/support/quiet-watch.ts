import type { Watch } from '../../src/upkeep/watch.ts'

/** Follows nothing; `stopAt` ends the work when it hears of that. */
export function quietWatch(stopAt?: (doing: string, done: number | null) => boolean): Watch {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    onProgress(doing, done) {
      if (stopAt?.(doing, done)) controller.abort(new Error('stopped by the test'))
    },
  }
}
