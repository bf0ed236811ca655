import type { JobSteps } from '../core/jobs/job-life.ts'
import type { JobRow } from '../database/tables.ts'

/** One attempt at a job, as its handler sees it. */
export interface Attempt {
  readonly job: JobRow
  /** Aborted when the job is cancelled, its lease is lost, or the node stops. */
  readonly signal: AbortSignal
  /** Tells how far it is, from 0 to 1; written at most twice a second. */
  report(progress: number, message?: string): void
}

/** What this node does for one kind of job. */
export interface JobHandler {
  readonly steps: JobSteps
  /** Does the work and ends the job (`finishJob`) with its results; whatever it throws fails the attempt. */
  run(attempt: Attempt): Promise<void>
}
