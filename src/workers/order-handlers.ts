import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Core } from '../core/core.ts'
import { findDeliveryByNumber } from '../core/deliveries.ts'
import { DeliveryError } from '../core/errors.ts'
import { finishJob } from '../core/jobs/job-life.ts'
import { ORDER_BATCH_JOB } from '../core/orders/order-batches.ts'
import type { FileOfOrder } from '../core/orders/order-files.ts'
import {
  endPreparing,
  fillNext,
  nextToPrepare,
  ORDER_FILL_JOB,
  orderBatchSteps,
  orderFillSteps,
  type PreparedFile,
  showPrepared,
} from '../core/orders/order-jobs.ts'
import type { Attempt, JobHandler } from './handler.ts'
import type { PreparationContext, PrepareFile } from './prepare-file.ts'
import { openWrittenFile, type WrittenFile } from './written-file.ts'

/** The handlers of the two kinds of jobs that orders have. */
export function createOrderHandlers(
  core: Core,
  prepare: PrepareFile,
): readonly (readonly [kind: string, handler: JobHandler])[] {
  return [
    [
      ORDER_BATCH_JOB,
      { steps: orderBatchSteps, run: (attempt) => prepareBatch(core, prepare, attempt) },
    ],
    [ORDER_FILL_JOB, { steps: orderFillSteps, run: (attempt) => fill(core, attempt) }],
  ]
}

async function fill(core: Core, { job, signal }: Attempt): Promise<void> {
  while (!(await fillNext(core, job))) {
    signal.throwIfAborted()
    await othersTurn()
  }
  await finishJob(core, job, async () => {})
}

/** Files that are prepared at the same time. */
const AT_ONCE = 20

async function prepareBatch(core: Core, prepare: PrepareFile, attempt: Attempt): Promise<void> {
  const { job, signal } = attempt
  const delivery = await findDeliveryByNumber(core.database.kysely, job.delivery_number ?? 0)
  const orderedAt = delivery?.created_at ?? 0
  let askAgain: number | null = null
  for (let after = -1; ; ) {
    signal.throwIfAborted()
    const files = await nextToPrepare(core, job, after)
    const last = files.at(-1)
    if (last === undefined) break
    after = last.position
    const results = await prepareFiles(core, prepare, { files, orderedAt, attempt })
    const prepared = results.filter((result) => 'number' in result)
    if (prepared.length > 0) await showPrepared(core, job, prepared)
    for (const result of results) {
      if ('number' in result) continue
      askAgain = Math.min(askAgain ?? Number.POSITIVE_INFINITY, result.askAgainSeconds)
    }
  }
  await endPreparing(core, job, askAgain)
}

type Result = PreparedFile | { askAgainSeconds: number }

interface Step {
  files: readonly FileOfOrder[]
  orderedAt: number
  attempt: Attempt
}

async function prepareFiles(
  core: Core,
  prepare: PrepareFile,
  { files, ...rest }: Step,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const some = files.slice(from, from + AT_ONCE)
    const prepared = await Promise.all(
      some.map((file) => prepareFile(core, prepare, { file, ...rest })),
    )
    results.push(...prepared)
  }
  return results
}

async function prepareFile(
  core: Core,
  prepare: PrepareFile,
  { file, orderedAt, attempt }: { file: FileOfOrder; orderedAt: number; attempt: Attempt },
): Promise<Result> {
  const { file_number: number, name, size, product_id: productId, urn } = file
  const written: WrittenFile[] = []
  const context: PreparationContext = {
    signal: attempt.signal,
    write() {
      if (written.length > 0) throw new DeliveryError('invalid', `"${name}" was opened twice.`)
      const file = openWrittenFile(core, attempt)
      written.push(file)
      return file.stream
    },
  }
  try {
    const preparation = await prepare({ number, name, size, productId, urn, orderedAt }, context)
    if (preparation === 'available') {
      return { number, failure: null, bytes: (await written[0]?.finish()) ?? null }
    }
    await written[0]?.discard()
    return 'failed' in preparation
      ? { number, failure: preparation.failed, bytes: null }
      : preparation
  } catch (error) {
    await written[0]?.discard()
    throw error
  }
}
