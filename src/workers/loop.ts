import type { Core } from '../core/core.ts'
import { beginJobs, type StepsByKind } from '../core/jobs/job-life.ts'
import { nextClaimableAt, type ServerQueue } from '../core/jobs/jobs.ts'
import type { JobRow } from '../database/tables.ts'
import type { JobHandler } from './handler.ts'
import { accountsWithoutRoom } from './room.ts'
import { type AttemptOutcome, runAttempt, type StopReason } from './run-attempt.ts'

export interface WorkerLoopOptions {
  queue: ServerQueue
  handlers: ReadonlyMap<string, JobHandler>
  /** Names this node in the jobs it holds. */
  worker: string
  /** How many jobs run at once. */
  concurrency: number
  /**
   * Does an account take further places only as long as it holds fewer than are free? That is for work
   * whose length strangers decide: else one account's would be in all places until it ends.
   */
  keepsRoom: boolean
  /** Hears of everything that goes wrong; `job` is null when no job could be claimed. */
  onError(error: unknown, job: JobRow | null): void
  /** Hears of each attempt that has ended. */
  onEnd?(job: JobRow, outcome: AttemptOutcome): void
}

export interface WorkerLoop {
  /** Stops claiming, hands back what runs, and resolves when nothing runs any more. */
  stop(): Promise<void>
}

interface Running {
  accountId: string
  stop: AbortController
}

/** A wake-up call can be lost between nodes: the loop looks by itself this often. */
const LOOK_MS = 5000

/** Claims jobs of a queue and runs them, as many at once as it may, woken by signals and by the clock. */
export function startWorkerLoop(core: Core, options: WorkerLoopOptions): WorkerLoop {
  const steps: StepsByKind = new Map(
    [...options.handlers].map(([kind, handler]) => [kind, handler.steps]),
  )
  const { queue, worker, concurrency, keepsRoom } = options
  const running = new Map<Promise<void>, Running>()
  /** What is due before it is left to others: the accounts that have it hold enough places. */
  let passedOver = 0
  let stopped = false
  let filling: Promise<void> | null = null
  let wokenMeanwhile = false
  let timer: NodeJS.Timeout | undefined

  function wake(): void {
    if (stopped) return
    if (filling !== null) {
      wokenMeanwhile = true
      return
    }
    clearTimeout(timer)
    filling = fill()
      .catch((error) => options.onError(error, null))
      .then(lookLater)
      .finally(() => {
        filling = null
        if (wokenMeanwhile) {
          wokenMeanwhile = false
          wake()
        }
      })
  }

  async function fill(): Promise<void> {
    while (!stopped && running.size < concurrency) {
      const free = concurrency - running.size
      const holders = [...running.values()].map(({ accountId }) => accountId)
      const except = keepsRoom ? accountsWithoutRoom(holders, free) : []
      passedOver = except.length === 0 ? 0 : core.database.now()
      // Who has room for one more may have none for two.
      const limit = keepsRoom ? 1 : free
      const jobs = await beginJobs(core, steps, { queue, worker, limit, except })
      if (jobs.length === 0) return
      for (const job of jobs) start(job)
    }
  }

  function start(job: JobRow): void {
    const handler = options.handlers.get(job.kind) as JobHandler
    const stop = new AbortController()
    // Between the claim and here, the node may have begun to stop.
    if (stopped) stop.abort('stopping' satisfies StopReason)
    const { onError, onEnd } = options
    const ending = onEnd === undefined ? {} : { onEnd }
    const attempt = runAttempt(core, { job, handler, stop, onError, ...ending })
    running.set(attempt, { accountId: job.account_id, stop })
    void attempt.then(() => {
      running.delete(attempt)
      wake()
    })
  }

  async function lookLater(): Promise<void> {
    if (stopped) return
    // With every slot taken, the end of a job is what wakes the loop.
    const wait = running.size < concurrency ? await untilNext() : LOOK_MS
    timer = setTimeout(wake, wait)
  }

  async function untilNext(): Promise<number> {
    const query = { queues: [queue], after: passedOver }
    const due = await nextClaimableAt(core.database.kysely, query).catch(() => null)
    return due === null ? LOOK_MS : Math.min(Math.max(20, due - core.database.now()), LOOK_MS)
  }

  const unsubscribe = core.database.signals.subscribe('jobs', (told) => {
    if (told === null || told === queue) wake()
  })
  if (concurrency > 0) wake()

  return {
    async stop() {
      stopped = true
      unsubscribe()
      await filling
      clearTimeout(timer)
      for (const { stop } of running.values()) stop.abort('stopping' satisfies StopReason)
      await Promise.all(running.keys())
    },
  }
}
