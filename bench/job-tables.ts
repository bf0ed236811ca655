import { CompiledQuery } from 'kysely'
import { readSettings } from '../src/config.ts'
import { beginJobs, finishJob, type StepsByKind } from '../src/core/jobs/job-life.ts'
import { enqueueJob } from '../src/core/jobs/jobs.ts'
import { transact } from '../src/core/transact.ts'
import { openInstallation } from '../src/open-installation.ts'
import { drainInBatches } from './drain.ts'

/** A job table to be measured. Its domain state is a row in a table `states` of the same database. */
export interface JobTable extends AsyncDisposable {
  /** Puts in so many jobs, the numbers from 0 on. */
  fill(jobs: number): Promise<void>
  /** Claims and completes all of them, `concurrency` at once. */
  drain(concurrency: number): Promise<void>
}

/** Ours: a job and its row are done in one transaction. */
export async function openOurs(environment: Record<string, string>): Promise<JobTable> {
  const { core, close } = await openInstallation(readSettings(environment))
  const claim = { queue: 'local', worker: 'bench' }
  const job = { kind: 'bench', queue: 'local', organizationId: 'o', accountId: 'a' } as const
  return {
    async fill(jobs) {
      for (let from = 0; from < jobs; from += 500) {
        await transact(core, async (change) => {
          for (let number = from; number < Math.min(jobs, from + 500); number += 1) {
            await enqueueJob(change, { ...job, payload: { number }, maxAttempts: 3 })
          }
        })
      }
    },
    drain: (concurrency) =>
      drainInBatches(concurrency, {
        take: (limit) => beginJobs(core, steps, { ...claim, limit }),
        complete: (held) =>
          finishJob(
            core,
            held,
            async ({ db }) => {
              const { number } = JSON.parse(held.payload)
              await db.executeQuery(
                CompiledQuery.raw('insert into states (number) values ($1)', [number]),
              )
            },
            'latest',
          ),
      }),
    [Symbol.asyncDispose]: close,
  }
}

const steps: StepsByKind = new Map([
  ['bench', { begin: async () => true, failed: async () => {}, released: async () => {} }],
])
