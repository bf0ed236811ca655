import type { DeliveryRow, JobRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, moveDelivery, noteProgress } from '../deliveries.ts'
import { insertDeliveryFiles } from '../delivery-files.ts'
import { isOver } from '../delivery-state.ts'
import type { DownloadType } from '../download-type.ts'
import { DeliveryError } from '../errors.ts'
import { insertStoredFile, type StoredBytes } from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'
import { finishJob, type JobSteps } from './job-life.ts'
import { type HeldJob, heartbeat } from './jobs.ts'

/** What a download's attempts do to its delivery. */
export const downloadSteps: JobSteps = {
  async begin(_core, change, job) {
    const delivery = await deliveryOf(change, job)
    if (isOver(delivery.state) || delivery.state === 'paused') return false
    // A worker that died left it `running`; the next attempt begins from `pending` like any other.
    const pending =
      delivery.state === 'running'
        ? await moveDelivery(change, delivery, { to: 'pending', progress: 0 })
        : delivery
    await moveDelivery(change, pending, { to: 'running', progress: 0 })
    return true
  },

  async failed(_core, change, job, { message, final }) {
    const delivery = await deliveryOf(change, job)
    if (isOver(delivery.state)) return
    await moveDelivery(change, delivery, { to: final ? 'failed' : 'pending', message, progress: 0 })
  },

  async released(_core, change, job) {
    const delivery = await deliveryOf(change, job)
    if (delivery.state === 'running') {
      await moveDelivery(change, delivery, { to: 'pending', progress: 0 })
    }
  },
}

/** A file that an attempt has made: its bytes are safe, its row is not there yet. */
export interface MadeFile {
  name: string
  mediaType: string
  bytes: StoredBytes
}

/**
 * Ends a download's attempt: its files become visible, and it is `done`, in one moment.
 * @throws DeliveryError `lease_lost` when the job is no longer this worker's, `invalid` without files
 */
export async function completeDownload(
  core: Core,
  job: JobRow,
  made: readonly MadeFile[],
): Promise<void> {
  await finishJob(core, job, (change) => showDownload(core, change, { job, made }), 'latest')
}

/**
 * The same inside a change that has ended the job, which nobody else can move meanwhile.
 * @throws DeliveryError `invalid` without files
 */
export async function showDownload(
  core: Core,
  change: Change,
  { job, made }: { job: JobRow; made: readonly MadeFile[] },
): Promise<void> {
  if (made.length === 0) {
    throw new DeliveryError('invalid', 'A download is made of at least one file; none was written.')
  }
  const delivery = await deliveryOf(change, job)
  for (const file of made) {
    const stored = await insertStoredFile(change, file.bytes, file.mediaType)
    await insertDeliveryFiles(change, [
      {
        deliveryNumber: delivery.number,
        name: file.name,
        mediaType: file.mediaType,
        state: 'available',
        storedFileId: stored.id,
        size: stored.size,
      },
    ])
  }
  const type = typeOf(core, delivery)
  await moveDelivery(change, delivery, {
    to: 'done',
    expiresAt: type === null ? delivery.expires_at : change.now + type.retentionSeconds * 1000,
  })
}

/**
 * Keeps the job and tells how far it is. `stop` is true when it should end unfinished.
 * @param progress from 0 to 1; null when nothing is known yet
 * @throws DeliveryError `lease_lost`
 */
export async function reportProgress(
  core: Core,
  job: HeldJob & Pick<JobRow, 'delivery_number'>,
  { progress, message }: { progress: number | null; message: string | null },
): Promise<{ stop: boolean }> {
  return await transact(core, async (change) => {
    const beat = await heartbeat(change, core, job)
    if (!beat.stop && job.delivery_number !== null && progress !== null) {
      await noteProgress(change, job.delivery_number, Math.min(1, Math.max(0, progress)), message)
    }
    return beat
  })
}

async function deliveryOf(change: Change, job: JobRow): Promise<DeliveryRow> {
  const delivery =
    job.delivery_number === null ? null : await findDeliveryByNumber(change.db, job.delivery_number)
  if (delivery === null) throw new Error(`Job ${job.number} has no delivery.`)
  return delivery
}

function typeOf(core: Core, delivery: DeliveryRow): DownloadType | null {
  return delivery.type === null ? null : (core.downloadTypes.get(delivery.type) ?? null)
}
