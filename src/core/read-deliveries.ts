import type {
  DeliveryFileRow,
  DeliveryRow,
  JobRow,
  PickupRow,
  StoredFileRow,
} from '../database/tables.ts'
import type { Core } from './core.ts'
import { deliveryThing, findDelivery } from './deliveries.ts'
import { type FoundFile, findDeliveryFile } from './delivery-files.ts'
import { DeliveryError } from './errors.ts'
import { findJob } from './jobs/jobs.ts'
import { type JobsQuery, listJobs } from './jobs/list-jobs.ts'
import { demand } from './may.ts'
import { hasPermission, type Principal } from './principal.ts'

/**
 * A delivery, for its owner and the administrators.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden` without its type's permission
 */
export async function readDelivery(
  core: Core,
  principal: Principal,
  id: string,
): Promise<DeliveryRow> {
  const delivery = await findDelivery(core.database.kysely, id)
  if (delivery === null) throw new DeliveryError('not_found', 'There is no such delivery.')
  demandToRead(core, principal, delivery)
  return delivery
}

/** What is known of a file's bytes; null while there are none. */
export type FileDigests = {
  readonly [K in 'md5' | 'sha256' | 'crc32']: StoredFileRow[K] | null
}

export interface FilesWish {
  /** The delivery's id. */
  id: string
  /** Only files with a greater number. */
  after?: number
  /** At most 1,000. */
  limit: number
}

/**
 * The next files of a delivery with their digests, in the order of their numbers.
 * @throws DeliveryError as `readDelivery`
 */
export async function readDeliveryFiles(
  core: Core,
  principal: Principal,
  { id, after, limit }: FilesWish,
): Promise<{ delivery: DeliveryRow; files: (DeliveryFileRow & FileDigests)[] }> {
  const delivery = await readDelivery(core, principal, id)
  const files = await core.database.kysely
    .selectFrom('delivery_files')
    .leftJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .selectAll('delivery_files')
    .select(['stored_files.md5', 'stored_files.sha256', 'stored_files.crc32'])
    .where('delivery_files.delivery_number', '=', delivery.number)
    .where('delivery_files.number', '>', after ?? 0)
    .orderBy('delivery_files.number')
    .limit(Math.min(limit, 1000))
    .execute()
  return { delivery, files }
}

/**
 * A file, for the owner of its delivery and the administrators.
 * @throws DeliveryError as `readDelivery`
 */
export async function readFile(
  core: Core,
  principal: Principal,
  number: number,
): Promise<FoundFile> {
  const found = await findDeliveryFile(core.database.kysely, number)
  if (found === null) throw new DeliveryError('not_found', 'There is no such file.')
  demandToRead(core, principal, found.delivery)
  return found
}

/**
 * A job, for the one whose delivery it makes and the administrators.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function readJob(core: Core, principal: Principal, number: number): Promise<JobRow> {
  const job = await findJob(core.database.kysely, number)
  if (job === null) throw new DeliveryError('not_found', 'There is no such job.')
  demand(
    principal,
    'read',
    { organizationId: job.organization_id, ownerId: job.account_id, permission: null },
    'This job works for somebody else.',
  )
  return job
}

export type JobsWish = Omit<JobsQuery, 'organizationId' | 'accountId'> & { all?: boolean }

/**
 * The jobs that work for the caller, newest first.
 * @throws DeliveryError `forbidden` when somebody else than an administrator asks for all
 */
export async function readJobs(
  core: Core,
  principal: Principal,
  { all, ...query }: JobsWish,
): Promise<JobRow[]> {
  if (all && !hasPermission(principal, 'admin')) {
    throw new DeliveryError('forbidden', 'Only administrators see the jobs of all accounts.')
  }
  return await listJobs(core.database.kysely, {
    ...query,
    organizationId: principal.organizationId,
    accountId: all ? null : principal.accountId,
  })
}

export interface PickupsQuery {
  /** The delivery's id. */
  id: string
  /** Only those with a greater number. */
  after?: number
  /** At most 1,000. */
  limit: number
}

/**
 * Who took which file of a delivery, in the order in which they began.
 * @throws DeliveryError as `readDelivery`
 */
export async function readPickups(
  core: Core,
  principal: Principal,
  query: PickupsQuery,
): Promise<(PickupRow & { name: string; size: number | null })[]> {
  const delivery = await readDelivery(core, principal, query.id)
  return await core.database.kysely
    .selectFrom('pickups')
    .innerJoin('delivery_files', 'delivery_files.number', 'pickups.file_number')
    .selectAll('pickups')
    .select(['delivery_files.name', 'delivery_files.size'])
    .where('delivery_files.delivery_number', '=', delivery.number)
    .where('pickups.number', '>', query.after ?? 0)
    .orderBy('pickups.number')
    .limit(Math.min(query.limit, 1000))
    .execute()
}

function demandToRead(core: Core, principal: Principal, delivery: DeliveryRow): void {
  demand(
    principal,
    'read',
    deliveryThing(core, delivery),
    'This delivery belongs to somebody else, or you may no longer see deliveries of its type.',
  )
}
