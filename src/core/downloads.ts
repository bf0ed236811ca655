import type { DeliveryRow, GrantRow } from '../database/tables.ts'
import { openArchive } from './archives/open-archive.ts'
import type { Core } from './core.ts'
import {
  deliveryThing,
  findDelivery,
  insertDelivery,
  moveDelivery,
  readDelivery,
} from './deliveries.ts'
import { listDeliveryFiles } from './delivery-files.ts'
import type { DownloadType } from './download-type.ts'
import { DeliveryError } from './errors.ts'
import { grantArchive, grantFile } from './grants/grants.ts'
import { doOnce } from './idempotency.ts'
import { cancelJobs, enqueueJob, type Queue } from './jobs/jobs.ts'
import { demand } from './may.ts'
import { closeOrder } from './orders/order-progress.ts'
import { removeLostWorkFiles } from './outside-work/work-files.ts'
import { hasPermission, type Principal } from './principal.ts'
import { type Change, transact } from './transact.ts'

/** The kind of job that makes a download. */
export const DOWNLOAD_JOB = 'download'

/** The queue from which a type's downloads are made: by this server, or by programs of the organization outside. */
export function downloadQueue(type: DownloadType, organizationId: string): Queue {
  return type.producedBy === 'server' ? 'local' : `worker:${organizationId}:${type.name}`
}

export interface DownloadRequest {
  type: string
  info?: unknown
  idempotencyKey?: string
}

/**
 * Asks for a download: it is `pending` until a worker takes it.
 * @throws DeliveryError `invalid` for an unknown type or an `info` its schema refuses, `forbidden`
 *   without the type's permission, `idempotency_mismatch`
 */
export async function requestDownload(
  core: Core,
  principal: Principal,
  request: DownloadRequest,
): Promise<DeliveryRow> {
  const type = core.downloadTypes.get(request.type)
  if (type === undefined) {
    throw new DeliveryError('invalid', unknownType(core, principal, request.type), {
      details: { field: 'download_type' },
    })
  }
  demand(
    principal,
    'create',
    { organizationId: principal.organizationId, ownerId: null, permission: type.permission },
    `You are not permitted to ask for "${type.name}" downloads.`,
  )
  const problem = type.checkInfo(request.info)
  if (problem !== null) {
    throw new DeliveryError('invalid', problem, { details: { field: 'info' } })
  }
  return await transact(core, (change) => {
    const repeatable =
      request.idempotencyKey === undefined
        ? null
        : {
            accountId: principal.accountId,
            operation: 'download.create',
            key: request.idempotencyKey,
            request: { type: request.type, info: request.info ?? null },
          }
    return doOnce(change, repeatable, () => insertDownload(change, principal, { type, request }))
  })
}

/** Names what the caller could have asked for, and nothing else. */
function unknownType(core: Core, principal: Principal, name: string): string {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name
  const known = listDownloadTypes(core, principal).map((type) => type.name)
  const choice =
    known.length === 0 ? 'You may ask for none yet.' : `You may ask for ${known.join(', ')}.`
  return `There is no download type "${shown}". ${choice}`
}

async function insertDownload(
  change: Change,
  principal: Principal,
  { type, request }: { type: DownloadType; request: DownloadRequest },
): Promise<DeliveryRow> {
  const delivery = await insertDelivery(change, {
    kind: 'download',
    organizationId: principal.organizationId,
    ownerId: principal.accountId,
    actorId: principal.accountId,
    type: type.name,
    info: request.info,
  })
  await enqueueJob(change, {
    kind: DOWNLOAD_JOB,
    queue: downloadQueue(type, delivery.organization_id),
    organizationId: delivery.organization_id,
    accountId: delivery.owner_id,
    deliveryNumber: delivery.number,
    maxAttempts: type.maxAttempts,
  })
  return delivery
}

/**
 * A download, for the one who asked for it.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden` when its type's permission was lost
 */
export async function findOwnDownload(
  core: Core,
  principal: Principal,
  id: string,
): Promise<DeliveryRow> {
  const delivery = await readDelivery(core, id)
  if (delivery === null || delivery.kind !== 'download') {
    throw new DeliveryError('not_found', 'There is no download with this id.')
  }
  demand(
    principal,
    'pick-up',
    deliveryThing(core, delivery),
    'This download was asked for by somebody else, or you may no longer see downloads of its type.',
  )
  return delivery
}

/**
 * Grants a signed URL to what a download that is done has made: its file, or a ZIP when it has more
 * than one.
 * @throws DeliveryError as `findOwnDownload`, and `not_ready` before it is done, `expired` after its time
 */
export async function grantOwnDownload(
  core: Core,
  principal: Principal,
  id: string,
): Promise<GrantRow> {
  const delivery = await findOwnDownload(core, principal, id)
  if (delivery.state === 'expired') {
    throw new DeliveryError('expired', 'The time of this download is over; ask for it again.')
  }
  if (delivery.state !== 'done') {
    throw new DeliveryError('not_ready', `The download is ${delivery.state}; it has no file yet.`)
  }
  const [file, another] = await listDeliveryFiles(core.database.kysely, delivery.number, {
    limit: 2,
  })
  if (file === undefined) throw new DeliveryError('not_ready', 'The download has no file.')
  if (another === undefined) return await grantFile(core, principal, { fileNumber: file.number })
  const archive = await openArchive(core, principal, {
    of: { delivery: id },
    format: 'zip',
    action: 'pick-up',
  })
  return await grantArchive(core, principal, { archive: archive.row })
}

/**
 * Cancels a download that is not over; its worker is told to stop.
 * @throws DeliveryError `conflict` when it is over
 */
export async function cancelDelivery(
  core: Core,
  principal: Principal,
  id: string,
): Promise<DeliveryRow> {
  const canceled = await manage(core, principal, id, async (change, delivery) => {
    if (delivery.kind === 'port-order') {
      throw new DeliveryError('conflict', 'A port order is cancelled by its own API, not here.')
    }
    await cancelJobs(change, delivery.number)
    const moved = await moveDelivery(change, delivery, {
      to: 'canceled',
      actorId: principal.accountId,
    })
    if (delivery.kind === 'order') await closeOrder(core, change, delivery.number)
    return moved
  })
  await removeLostWorkFiles(core, { deliveryNumber: canceled.number })
  return canceled
}

/**
 * Tries a download again that has failed or was cancelled.
 * @throws DeliveryError `conflict` in any other state, `invalid` when its type is no longer configured
 */
export async function retryDownload(
  core: Core,
  principal: Principal,
  id: string,
): Promise<DeliveryRow> {
  return await manage(core, principal, id, async (change, delivery) => {
    const type = delivery.type === null ? undefined : core.downloadTypes.get(delivery.type)
    if (type === undefined) {
      throw new DeliveryError('invalid', `There is no download type "${delivery.type}" any more.`)
    }
    if (delivery.state !== 'failed' && delivery.state !== 'canceled') {
      throw new DeliveryError(
        'conflict',
        `Only a failed or cancelled download can be tried again; this one is ${delivery.state}.`,
      )
    }
    const moved = await moveDelivery(change, delivery, {
      to: 'pending',
      actorId: principal.accountId,
      progress: 0,
    })
    await enqueueJob(change, {
      kind: DOWNLOAD_JOB,
      queue: downloadQueue(type, delivery.organization_id),
      organizationId: delivery.organization_id,
      accountId: delivery.owner_id,
      deliveryNumber: delivery.number,
      maxAttempts: type.maxAttempts,
    })
    return moved
  })
}

async function manage(
  core: Core,
  principal: Principal,
  id: string,
  work: (change: Change, delivery: DeliveryRow) => Promise<DeliveryRow>,
): Promise<DeliveryRow> {
  return await transact(core, async (change) => {
    const delivery = await findDelivery(change.db, id)
    if (delivery === null) throw new DeliveryError('not_found', 'There is no such delivery.')
    demand(
      principal,
      'manage',
      deliveryThing(core, delivery),
      'This delivery belongs to somebody else.',
    )
    return await work(change, delivery)
  })
}

/** The download types that the caller may ask for. */
export function listDownloadTypes(core: Core, principal: Principal): DownloadType[] {
  return [...core.downloadTypes.values()].filter((type) =>
    hasPermission(principal, type.permission),
  )
}
