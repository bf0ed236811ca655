import { counted } from '../../counted.ts'

/**
 * Runs something that has to be over within `seconds` (null: whenever), under a signal that is
 * aborted then, or when the given one is.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  seconds: number | null,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === null) return run(signal)
  const late = new AbortController()
  const sentence = `It was not over within its time limit of ${counted(seconds, 'second')}, and was ended.`
  // Timers hold at most 2^31 - 1 ms.
  const timer = setTimeout(
    () => late.abort(new Error(sentence)),
    Math.min(seconds * 1000, 2 ** 31 - 1),
  )
  try {
    return await run(AbortSignal.any([signal, late.signal]))
  } finally {
    clearTimeout(timer)
  }
}
