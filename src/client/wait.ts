import { ClientError } from './client-error.ts'

/** Waits so many milliseconds; rejects with `aborted` as soon as the signal says so. */
export type Wait = (milliseconds: number, signal?: AbortSignal) => Promise<void>

/** {@link Wait} by the platform's timer. */
export const wait: Wait = (milliseconds, signal) => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (signal?.aborted === true) {
    reject(aborted(signal))
    return promise
  }
  const stop = () => {
    clearTimeout(timer)
    reject(aborted(signal))
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', stop)
    resolve()
  }, milliseconds)
  signal?.addEventListener('abort', stop, { once: true })
  return promise
}

/** What to throw when the caller's signal has ended the work. */
export function aborted(signal?: AbortSignal): ClientError {
  return new ClientError('aborted', 'It was interrupted.', { cause: signal?.reason })
}
