import type { Core } from '../../src/core/core.ts'
import { beginJob } from '../../src/core/jobs/job-life.ts'
import { createOrderHandlers } from '../../src/workers/order-handlers.ts'
import type { PrepareFile } from '../../src/workers/prepare-file.ts'
import { createStoredFilePreparer } from '../../src/workers/prepare-stored.ts'
import { runAttempt } from '../../src/workers/run-attempt.ts'

/** Runs the orders' jobs that can be run now, one after the other, and returns how many there were. */
export async function runOrderJobs(
  core: Core,
  prepare: PrepareFile = createStoredFilePreparer(core),
): Promise<number> {
  const handlers = new Map(createOrderHandlers(core, prepare))
  const steps = new Map([...handlers].map(([kind, handler]) => [kind, handler.steps]))
  for (let count = 0; ; count += 1) {
    const job = await beginJob(core, steps, { queue: 'local', worker: 'test' })
    const handler = handlers.get(job?.kind ?? '')
    if (job === null || handler === undefined) return count
    await runAttempt(core, {
      job,
      handler,
      stop: new AbortController(),
      onError(error) {
        if (!String(error).includes('on purpose')) throw error
      },
    })
  }
}
