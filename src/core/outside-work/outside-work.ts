import type { DeliveryRow, JobRow } from '../../database/tables.ts'
import { findPrincipal } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, noteProgress } from '../deliveries.ts'
import { DOWNLOAD_JOB, downloadQueue } from '../downloads.ts'
import { DeliveryError } from '../errors.ts'
import { downloadSteps, showDownload } from '../jobs/download-jobs.ts'
import { beginJob, failJob, finishJob, type StepsByKind, stopJob } from '../jobs/job-life.ts'
import { findJob, type HeldJob, heartbeat } from '../jobs/jobs.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { removeLostWorkFiles, takeWorkFiles } from './work-files.ts'

/** A job that a program outside has claimed, with what it needs to do it. */
export interface OutsideWork {
  job: JobRow
  delivery: DeliveryRow
  /** Who asked for the download. */
  account: Principal
}

export interface WorkWish {
  /** Names of download types, in the order of preference. */
  types: readonly string[]
  /** Names the program in the jobs it holds. */
  worker: string
}

const steps: StepsByKind = new Map([[DOWNLOAD_JOB, downloadSteps]])

/**
 * Claims the next job of these types, of the caller's own organization; null when none waits.
 * @throws DeliveryError `forbidden` without `work:<type>`, `invalid` for a type that no program outside produces
 */
export async function claimWork(
  core: Core,
  principal: Principal,
  wish: WorkWish,
): Promise<OutsideWork | null> {
  const worker = `${principal.username}:${wish.worker}`
  for (const queue of workQueues(core, principal, wish.types)) {
    for (;;) {
      const job = await beginJob(core, steps, { queue, worker })
      if (job === null) break
      const work = await prepare(core, job)
      if (work !== null) return work
    }
  }
  return null
}

/**
 * The queues that these types are claimed from.
 * @throws DeliveryError as `claimWork`
 */
export function workQueues(core: Core, principal: Principal, types: readonly string[]): string[] {
  return [...new Set(types)].map((name) => {
    demandWork(principal, principal.organizationId, name)
    const type = core.downloadTypes.get(name)
    if (type?.producedBy !== 'worker') {
      throw new DeliveryError('invalid', `No program outside produces "${name}" downloads.`, {
        details: { field: 'types' },
      })
    }
    return downloadQueue(type, principal.organizationId)
  })
}

/** A right that was lost since the request is lost: the work is not done. */
async function prepare(core: Core, job: JobRow): Promise<OutsideWork | null> {
  // What earlier attempts left can no longer be shown.
  if (job.attempt > 1) await removeLostWorkFiles(core, { deliveryNumber: job.delivery_number ?? 0 })
  const delivery = await findDeliveryByNumber(core.database.kysely, job.delivery_number ?? 0)
  const account = delivery === null ? null : await stillPermitted(core, delivery)
  if (delivery !== null && account !== null) return { job, delivery, account }
  const message = 'The account may no longer ask for downloads of this type.'
  await failJob(core, downloadSteps, job, { message, told: message, retry: false })
  return null
}

async function stillPermitted(core: Core, delivery: DeliveryRow): Promise<Principal | null> {
  const type = core.downloadTypes.get(delivery.type ?? '')
  const principal = await findPrincipal(core, delivery.owner_id)
  if (type === undefined || principal === null) return null
  const { organization_id: organizationId } = delivery
  try {
    demand(principal, 'create', { organizationId, ownerId: null, permission: type.permission }, '')
    return principal
  } catch (error) {
    if (error instanceof DeliveryError) return null
    throw error
  }
}

/**
 * A job that the caller claimed, as it is now.
 * @throws DeliveryError `not_found`, `not_yours` (of another organization), `forbidden` without
 *   `work:<type>`, `lease_lost` when another attempt or another account holds it, or none
 */
export async function findHeldWork(
  core: Core,
  principal: Principal,
  held: HeldJob,
): Promise<{ job: JobRow; delivery: DeliveryRow }> {
  const db = core.database.kysely
  const job = await findJob(db, held.number)
  const delivery = job === null ? null : await findDeliveryByNumber(db, job.delivery_number ?? 0)
  if (job === null || delivery === null || !job.queue.startsWith('worker:')) {
    throw new DeliveryError('not_found', 'There is no such work.')
  }
  demandWork(principal, job.organization_id, delivery.type ?? '')
  // User names have no colon, so nobody's worker can be taken for another account's.
  const isOwn = job.worker?.startsWith(`${principal.username}:`) ?? false
  if (job.state !== 'running' || job.attempt !== held.attempt || !isOwn) {
    throw new DeliveryError(
      'lease_lost',
      'The job is no longer held by this worker: its lease ended, or it is over.',
    )
  }
  return { job, delivery }
}

/**
 * Keeps the job, and tells how far it is when that is given (progress from 0 to 1). `stop` is true
 * when it should end unfinished.
 * @throws DeliveryError as `findHeldWork`
 */
export async function keepWork(
  core: Core,
  principal: Principal,
  { held, progress, message }: { held: HeldJob; progress?: number; message?: string },
): Promise<{ stop: boolean }> {
  const { delivery } = await findHeldWork(core, principal, held)
  return await transact(core, async (change) => {
    const beat = await heartbeat(change, core, held)
    if (!beat.stop && (progress !== undefined || message !== undefined)) {
      await noteProgress(
        change,
        delivery.number,
        progress ?? delivery.progress,
        message ?? delivery.message,
      )
    }
    return beat
  })
}

/**
 * Ends the attempt well: the files that were put in become visible, and the download is done, in one moment.
 * @throws DeliveryError as `findHeldWork`; `invalid` when no file was put in
 */
export async function completeWork(
  core: Core,
  principal: Principal,
  held: HeldJob,
): Promise<DeliveryRow> {
  const { job, delivery } = await findHeldWork(core, principal, held)
  const show = async (change: Change) => {
    const made = await takeWorkFiles(change, held)
    await showDownload(core, change, { job, made })
  }
  await finishJob(core, held, show, 'latest')
  return (await findDeliveryByNumber(core.database.kysely, delivery.number)) ?? delivery
}

/**
 * Ends the attempt badly: it is tried again later, unless `retry` is false or it was the last one.
 * What was put in is removed. For a job that was asked to stop this is the end that was asked for.
 * @throws DeliveryError as `findHeldWork`
 */
export async function failWork(
  core: Core,
  principal: Principal,
  { held, message, retry }: { held: HeldJob; message: string; retry: boolean },
): Promise<void> {
  const { job, delivery } = await findHeldWork(core, principal, held)
  if (job.cancel_asked_at !== null) await stopJob(core, held)
  else await failJob(core, downloadSteps, job, { message, told: message, retry })
  await removeLostWorkFiles(core, { deliveryNumber: delivery.number })
}

function demandWork(principal: Principal, organizationId: string, type: string): void {
  demand(
    principal,
    'work',
    { organizationId, ownerId: null, permission: `work:${type}` },
    `You are not permitted to produce "${type}" downloads.`,
  )
}
