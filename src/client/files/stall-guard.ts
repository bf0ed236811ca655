import { ClientError } from '../client-error.ts'
import { Setback } from './setback.ts'

/** Ends a request on which nothing comes any more. */
export interface StallGuard {
  /** Ends with the caller's signal, too. */
  readonly signal: AbortSignal
  /** Something came. */
  touch(): void
  /** Does not watch while we wait for something ourselves: a slow disk, or the limit of our rate. */
  pauseFor(waiting: Promise<void>): Promise<void>
  /** The request is over. */
  end(): void
}

/** A guard that aborts when nothing has come for so long, in ms, or the signal says so. */
export function createStallGuard(stallMs: number, signal?: AbortSignal): StallGuard {
  const controller = new AbortController()
  const pass = () => controller.abort(signal?.reason)
  if (signal?.aborted === true) pass()
  signal?.addEventListener('abort', pass, { once: true })
  let touched = Date.now()
  let pauses = 0
  let timer = setTimeout(look, stallMs)

  /** One timer that looks now and then costs less than one that is set again with each chunk. */
  function look(): void {
    if (pauses > 0) touched = Date.now()
    const quiet = Date.now() - touched
    if (quiet >= stallMs) {
      controller.abort(new Setback('unreachable', 'Nothing came any more.'))
    } else {
      timer = setTimeout(look, stallMs - quiet)
    }
  }

  return {
    signal: controller.signal,
    touch() {
      touched = Date.now()
    },
    async pauseFor(waiting) {
      pauses += 1
      try {
        await waiting
      } finally {
        pauses -= 1
        touched = Date.now()
      }
    },
    end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', pass)
    },
  }
}

/**
 * An error of a request under guard, as what it is for the transfer. What the guard did not bring about
 * stays what it is, though the guard has struck: a disk that hangs and then fails must not be passed over.
 */
export function setbackOf(error: unknown, { signal: { reason } }: StallGuard): unknown {
  const isOfGuard = error instanceof ClientError && error.code === 'aborted'
  return isOfGuard && reason instanceof Setback ? reason : error
}

/** A body under guard has failed. */
export function brokenOff({ signal }: StallGuard): unknown {
  return signal.aborted ? signal.reason : new Setback('unreachable', 'The connection broke off.')
}
