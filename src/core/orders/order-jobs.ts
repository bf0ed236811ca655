import type { DeliveryRow, JobRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, moveDelivery } from '../deliveries.ts'
import { isOver } from '../delivery-state.ts'
import { DeliveryError } from '../errors.ts'
import { finishJob, type JobSteps } from '../jobs/job-life.ts'
import { heartbeat, putJobBack } from '../jobs/jobs.ts'
import type { StoredBytes } from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'
import { findBatch } from './order-batches.ts'
import { type FileOfOrder, listOrderFiles } from './order-files.ts'
import { fillOrder } from './order-fill.ts'
import { moveOrderFiles } from './order-progress.ts'
import { demandOrder } from './order-rows.ts'
import { renewOrderFile } from './renew-order-file.ts'

/** The kind of job that gives a large order its files. */
export const ORDER_FILL_JOB = 'order-fill'

/** What the attempts at preparing a sub-order do to its order. */
export const orderBatchSteps: JobSteps = {
  async begin(_core, change, job) {
    const delivery = await deliveryOf(change, job)
    if (isOver(delivery.state) || delivery.state === 'paused') return false
    const batch = await findBatch(change.db, batchOf(job))
    if (batch?.state !== 'preparing') return false
    if (delivery.state === 'pending') await moveDelivery(change, delivery, { to: 'running' })
    return true
  },

  async failed(core, change, job, { message, final }) {
    if (!final) return
    // What could not even be tried has failed: the order must come to an end.
    for (let after = -1; ; ) {
      const files = await pendingFiles(change.db, batchOf(job), after)
      const last = files.at(-1)
      if (last === undefined) return
      after = last.position
      await moveOrderFiles(core, change, {
        orderNumber: last.order_number,
        numbers: files.map((file) => file.file_number),
        from: 'pending',
        to: 'failed',
        message,
      })
    }
  },

  async released() {},
}

/** What the attempts at filling an order do: nothing is shown of them but the files. */
export const orderFillSteps: JobSteps = {
  async begin(_core, change, job) {
    const delivery = await deliveryOf(change, job)
    return !isOver(delivery.state) && delivery.state !== 'paused'
  },

  async failed(_core, change, job, { message, final }) {
    const delivery = await deliveryOf(change, job)
    if (!final || isOver(delivery.state)) return
    const incomplete = delivery.state === 'running' ? 'incomplete' : 'failed'
    await moveDelivery(change, delivery, { to: incomplete, message })
  },

  async released() {},
}

/** Files of the job's sub-order that are still pending, behind a position; at most 200, none at the end. */
export async function nextToPrepare(
  core: Core,
  job: JobRow,
  after: number,
): Promise<FileOfOrder[]> {
  return await pendingFiles(core.database.kysely, batchOf(job), after)
}

/** How the preparation of one file ended. */
export interface PreparedFile {
  number: number
  /** Why it failed, for the customer; null when it can be picked up. */
  failure: string | null
  /** What was made in the place of the published bytes; null where they are delivered. */
  bytes: StoredBytes | null
}

/**
 * Shows what was prepared, while the job goes on.
 * @throws DeliveryError `lease_lost` when the job is no longer this worker's, or is to stop
 */
export async function showPrepared(
  core: Core,
  job: JobRow,
  prepared: readonly PreparedFile[],
): Promise<void> {
  await transact(core, async (change) => {
    await demandHeld(core, change, job)
    const orderNumber = job.delivery_number ?? 0
    for (const { number, bytes } of prepared) {
      if (bytes !== null) await renewOrderFile(change, number, bytes)
    }
    for (const [failure, files] of Map.groupBy(prepared, (file) => file.failure)) {
      await moveOrderFiles(core, change, {
        orderNumber,
        numbers: files.map((file) => file.number),
        from: 'pending',
        ...(failure === null ? { to: 'available' } : { to: 'failed', message: failure }),
      })
    }
  })
}

/**
 * Ends the attempt: for good when nothing is pending, else until files that are on their way may
 * have come.
 * @param askAgainSeconds null when nothing is pending
 * @throws DeliveryError `lease_lost`
 */
export async function endPreparing(
  core: Core,
  job: JobRow,
  askAgainSeconds: number | null,
): Promise<void> {
  if (askAgainSeconds === null) {
    await finishJob(core, job, async () => {})
    return
  }
  await transact(core, (change) =>
    putJobBack(change, job, { after: askAgainSeconds * 1000, refund: true }),
  )
}

/**
 * Gives the job's order its next files. True when it has all of them.
 * @throws DeliveryError `lease_lost`
 */
export async function fillNext(core: Core, job: JobRow): Promise<boolean> {
  return await transact(core, async (change) => {
    await demandHeld(core, change, job)
    const order = await demandOrder(change.db, job.delivery_number ?? 0)
    return await fillOrder(core, change, order, job.organization_id)
  })
}

async function demandHeld(core: Core, change: Change, job: JobRow): Promise<void> {
  const { stop } = await heartbeat(change, core, job)
  // Whoever asked it to stop may have begun the same work anew.
  if (stop) throw new DeliveryError('lease_lost', 'The job was cancelled.')
}

/** Files looked at in one step. */
const STEP = 200

async function pendingFiles(
  db: Change['db'] | Core['database']['kysely'],
  batchNumber: number,
  after: number,
): Promise<FileOfOrder[]> {
  const batch = await findBatch(db, batchNumber)
  if (batch === null) return []
  const end = batch.first_position + batch.files
  for (let from = Math.max(batch.first_position, after + 1); from < end; from += STEP) {
    const limit = Math.min(STEP, end - from)
    const files = await listOrderFiles(db, batch.order_number, { from, limit })
    const pending = files.filter((file) => file.state === 'pending')
    if (pending.length > 0) return pending
  }
  return []
}

function batchOf(job: JobRow): number {
  return (JSON.parse(job.payload) as { batch: number }).batch
}

async function deliveryOf(change: Change, job: JobRow): Promise<DeliveryRow> {
  const delivery = await findDeliveryByNumber(change.db, job.delivery_number ?? 0)
  if (delivery === null) throw new Error(`Job ${job.number} has no delivery.`)
  return delivery
}
