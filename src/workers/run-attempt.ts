import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import { reportProgress } from '../core/jobs/download-jobs.ts'
import { failJob, releaseJob, stopJob } from '../core/jobs/job-life.ts'
import type { JobRow } from '../database/tables.ts'
import type { JobHandler } from './handler.ts'

/** Why a running attempt was told to stop. */
export type StopReason = 'canceled' | 'lease-lost' | 'stopping'

/** How an attempt has ended; `failed` it may be tried again, `lost` another worker has it now. */
export type AttemptOutcome = 'done' | 'failed' | 'canceled' | 'released' | 'lost'

export interface RunAttempt {
  job: JobRow
  handler: JobHandler
  /** Aborted, with a `StopReason`, when the node stops. */
  stop: AbortController
  onError(error: unknown, job: JobRow): void
  /** Hears how it has ended. */
  onEnd?(job: JobRow, outcome: AttemptOutcome): void
}

/**
 * Runs one attempt to its end, whatever that is: done, failed, cancelled, handed back, or taken over
 * by another worker. Keeps the lease meanwhile. Never rejects.
 */
export async function runAttempt(core: Core, attempt: RunAttempt): Promise<void> {
  const { job, handler, stop } = attempt
  const keeper = keepLease(core, attempt)
  let outcome: AttemptOutcome = 'done'
  try {
    await handler.run({ job, signal: stop.signal, report: keeper.report })
  } catch (error) {
    outcome = outcomeOf(error, stop.signal)
    await settle(core, attempt, { error, outcome }).catch((cause) => attempt.onError(cause, job))
  } finally {
    keeper.end()
  }
  attempt.onEnd?.(job, outcome)
}

function outcomeOf(error: unknown, signal: AbortSignal): AttemptOutcome {
  if (signal.aborted) return outcomes[signal.reason as StopReason]
  return error instanceof DeliveryError && error.code === 'lease_lost' ? 'lost' : 'failed'
}

const outcomes = {
  canceled: 'canceled',
  'lease-lost': 'lost',
  stopping: 'released',
} as const satisfies Record<StopReason, AttemptOutcome>

async function settle(
  core: Core,
  attempt: RunAttempt,
  { error, outcome }: { error: unknown; outcome: AttemptOutcome },
): Promise<void> {
  const { job, handler } = attempt
  if (outcome === 'canceled') await stopJob(core, job)
  if (outcome === 'released') await releaseJob(core, handler.steps, job)
  if (outcome !== 'failed') return
  attempt.onError(error, job)
  const known = error instanceof DeliveryError
  const message = error instanceof Error ? error.message : String(error)
  await failJob(core, handler.steps, job, {
    message,
    // An unknown error may speak of queries, hosts and paths.
    told: known
      ? error.told
      : `The work failed; the operator finds the reason under job ${job.number}.`,
    // What is invalid or forbidden now will be so at the next attempt.
    retry: !(known && (error.code === 'invalid' || error.code === 'forbidden')),
  })
}

/** Progress is written this often at most. */
const REPORT_MS = 500

function keepLease(core: Core, { job, stop, onError }: RunAttempt) {
  let progress: number | null = null
  let message: string | null = null
  let dirty = false
  let busy = false
  let lastBeat = performance.now()
  const beatMs = (core.settings.leaseSeconds * 1000) / 3

  const timer = setInterval(() => void tick(), Math.min(REPORT_MS, beatMs))
  const unsubscribe = core.database.signals.subscribe('cancel', (payload) => {
    if (payload === String(job.number)) stop.abort('canceled' satisfies StopReason)
    // It may have been this one: the next beat asks, and it is the next that comes.
    if (payload === null) dirty = true
  })

  async function tick(): Promise<void> {
    if (busy || (!dirty && performance.now() - lastBeat < beatMs)) return
    busy = true
    dirty = false
    try {
      const beat = await reportProgress(core, job, { progress, message })
      lastBeat = performance.now()
      if (beat.stop) stop.abort('canceled' satisfies StopReason)
    } catch (error) {
      if (error instanceof DeliveryError && error.code === 'lease_lost') {
        stop.abort('lease-lost' satisfies StopReason)
      } else onError(error, job)
    } finally {
      busy = false
    }
  }

  return {
    report(fraction: number, text?: string): void {
      progress = fraction
      message = text ?? message
      dirty = true
    },
    end(): void {
      clearInterval(timer)
      unsubscribe()
    },
  }
}
