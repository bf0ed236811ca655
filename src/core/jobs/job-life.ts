import type { Isolation } from '../../database/database.ts'
import type { JobRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { type Change, transact } from '../transact.ts'
import { type Claim, claimJobs, endJob, type HeldJob, putJobBack } from './jobs.ts'

/**
 * What a kind of job does to its own noun when an attempt begins and ends. Each step runs in the
 * transaction that moves the job, so that job and noun never disagree.
 */
export interface JobSteps {
  /** The attempt begins. False: there is nothing to do any more, and the job ends as cancelled. */
  begin(core: Core, change: Change, job: JobRow): Promise<boolean>
  /** The attempt failed; `final` when it was the last one. The message is for the customer. */
  failed(
    core: Core,
    change: Change,
    job: JobRow,
    failure: { message: string; final: boolean },
  ): Promise<void>
  /** The attempt was handed back unfinished. */
  released(core: Core, change: Change, job: JobRow): Promise<void>
}

export type StepsByKind = ReadonlyMap<string, JobSteps>

/**
 * Claims the next jobs that can be run, at most `limit`; none when none waits. They are claimed in one
 * transaction, whose round trips they share.
 */
export async function beginJobs(
  core: Core,
  stepsByKind: StepsByKind,
  claim: Claim,
): Promise<JobRow[]> {
  for (;;) {
    const { claimed, begun } = await transact(
      core,
      async (change) => {
        const claimed = await claimJobs(change, core, claim)
        const begun: JobRow[] = []
        for (const job of claimed) {
          if (await beginClaimed(core, change, { job, stepsByKind })) begun.push(job)
        }
        return { claimed, begun }
      },
      // Other nodes claim at the same time, and their jobs are stepped over as they are now.
      'latest',
    )
    if (begun.length > 0 || claimed.length === 0) return begun
  }
}

/** The same for one job; null when none waits. */
export async function beginJob(
  core: Core,
  stepsByKind: StepsByKind,
  claim: Omit<Claim, 'limit'>,
): Promise<JobRow | null> {
  const [job] = await beginJobs(core, stepsByKind, { ...claim, limit: 1 })
  return job ?? null
}

async function beginClaimed(
  core: Core,
  change: Change,
  { job, stepsByKind }: { job: JobRow; stepsByKind: StepsByKind },
): Promise<boolean> {
  const steps = stepsByKind.get(job.kind)
  if (steps === undefined) {
    await endJob(change, job, { state: 'dead', message: `No handler for "${job.kind}" jobs.` })
    return false
  }
  if (job.attempt > job.max_attempts) {
    // Its worker died each time before it could say why: the job itself may be what kills it.
    const message = `The work was begun ${job.max_attempts} times and never ended; the server may have been killed meanwhile.`
    await endJob(change, job, { state: 'dead', message })
    await steps.failed(core, change, job, { message, final: true })
    return false
  }
  if (job.cancel_asked_at === null && (await steps.begin(core, change, job))) return true
  await endJob(change, job, { state: 'canceled' })
  return false
}

/**
 * Ends an attempt well: what `show` writes becomes visible in the same moment as the job is done.
 * @param isolation `latest` where `show` writes nothing that another change could have made untrue:
 *   PostgreSQL takes jobs that end at the same time, beside each other in
 *   the index, for a conflict: eight at once were done again every second time
 * @throws DeliveryError `lease_lost` when the job is no longer this worker's; then nothing is shown
 */
export async function finishJob(
  core: Core,
  job: HeldJob,
  show: (change: Change) => Promise<void>,
  isolation: Isolation = 'alone',
): Promise<void> {
  await transact(
    core,
    async (change) => {
      await endJob(change, job, { state: 'done' })
      await show(change)
    },
    isolation,
  )
}

export interface Failure {
  /** The whole reason, for the operator. */
  message: string
  /** What the customer is told of it: no SQL, no paths. */
  told: string
  /** False when another attempt cannot help. */
  retry: boolean
}

/**
 * Ends an attempt badly: the job is tried again later, after twice as long each time, or is dead
 * after the last attempt.
 */
export async function failJob(
  core: Core,
  steps: JobSteps,
  job: JobRow,
  failure: Failure,
): Promise<void> {
  const { message, told } = failure
  const final = !failure.retry || job.attempt >= job.max_attempts
  await transact(core, async (change) => {
    if (final) await endJob(change, job, { state: 'dead', message })
    else await putJobBack(change, job, { after: retryDelay(core, job.attempt), message })
    await steps.failed(core, change, job, { message: told, final })
  })
}

/** Hands a job back unfinished, because this node stops: another takes it at once, and no attempt is lost. */
export async function releaseJob(core: Core, steps: JobSteps, job: JobRow): Promise<void> {
  await transact(core, async (change) => {
    await putJobBack(change, job, { after: 0, refund: true })
    await steps.released(core, change, job)
  })
}

/** Ends a job whose cancellation was asked for; whoever asked has moved the noun already. */
export async function stopJob(core: Core, job: HeldJob): Promise<void> {
  await transact(core, (change) => endJob(change, job, { state: 'canceled' }))
}

/** 1, 2, 4, … times the base, at most an hour, give or take a fifth, so that failures do not march in step. */
function retryDelay(core: Core, attempt: number): number {
  const delay = Math.min(core.settings.jobRetrySeconds * 1000 * 2 ** (attempt - 1), 3600_000)
  return Math.round(delay * (0.8 + Math.random() * 0.4))
}
