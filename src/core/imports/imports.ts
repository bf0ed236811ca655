import type { Connection } from '../../database/database.ts'
import type { ImportRow } from '../../database/import-tables.ts'
import type { DeliveryRow } from '../../database/tables.ts'
import { renewPrincipal } from '../accounts/renew-principal.ts'
import type { Core } from '../core.ts'
import { findDelivery, insertDelivery } from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import { type ExpectedBytes, storeExpected } from '../expected-bytes.ts'
import { doOnce } from '../idempotency.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import { kindPermissions } from '../kind-permissions.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import {
  discardBytes,
  insertStoredFile,
  releaseStoredFiles,
  type StoredBytes,
} from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'

/** The permission, and the scope, that everything about rosters asks for. */
export const ROSTERING = kindPermissions.import
/** The kind of job that reads an uploaded file into the roster. */
export const IMPORT_JOB = 'import'
/** A roster is written by one import at a time; an attempt that must give way counts, too. */
const MAX_ATTEMPTS = 5

export interface Upload {
  /** As the client names it. */
  fileName: string
  /** May throw, and then nothing is kept. */
  source: AsyncIterable<Uint8Array>
  expected?: ExpectedBytes
  idempotencyKey?: string
  signal?: AbortSignal
}

/**
 * Takes a roster file in, to be imported soon. Until then it is stored encrypted, because it may
 * hold passwords.
 * @throws DeliveryError `forbidden` without the permission `rostering`, also when it was lost while the bytes came, `storage_full`,
 *   `unavailable` without a master key, `invalid` for other bytes than were announced, `idempotency_mismatch`, and whatever the source throws
 */
export async function submitImport(
  core: Core,
  principal: Principal,
  upload: Upload,
): Promise<DeliveryRow> {
  demandRostering(principal)
  const { source, expected = {}, signal } = upload
  const arriving = { prefix: 'imports', source, expected, encrypted: true, signal }
  const bytes = await storeExpected(core, arriving)
  try {
    // Bytes may take hours to come: for a right that was lost meanwhile nothing is imported.
    demandRostering(await renewPrincipal(core, principal))
    const { delivery, isNew } = await transact(core, (change) =>
      insertOnce(change, principal, { upload, bytes }),
    )
    if (!isNew) await core.store.remove(bytes.objectKey)
    return delivery
  } catch (error) {
    await discardBytes(core, [bytes.objectKey], error)
    throw error
  }
}

/** @throws DeliveryError `forbidden` */
export function demandRostering(principal: Principal): void {
  const { organizationId } = principal
  demand(
    principal,
    'create',
    { organizationId, ownerId: null, permission: ROSTERING },
    'You are not permitted to import rosters.',
  )
}

async function insertOnce(
  change: Change,
  principal: Principal,
  { upload, bytes }: { upload: Upload; bytes: StoredBytes },
): Promise<{ delivery: DeliveryRow; isNew: boolean }> {
  const { fileName, idempotencyKey } = upload
  const { accountId } = principal
  const request = { fileName, sha256: bytes.sha256 }
  const repeatable =
    idempotencyKey === undefined
      ? null
      : { accountId, operation: 'import.create', key: idempotencyKey, request }
  let isNew = false
  const delivery = await doOnce(change, repeatable, () => {
    isNew = true
    return insertImport(change, principal, { fileName, bytes })
  })
  return { delivery, isNew }
}

async function insertImport(
  change: Change,
  principal: Principal,
  { fileName, bytes }: { fileName: string; bytes: StoredBytes },
): Promise<DeliveryRow> {
  const { accountId, organizationId } = principal
  const delivery = await insertDelivery(change, {
    kind: 'import',
    organizationId,
    ownerId: accountId,
    actorId: accountId,
  })
  const stored = await insertStoredFile(change, bytes, 'text/csv')
  await change.db
    .insertInto('imports')
    .values({
      delivery_number: delivery.number,
      organization_id: organizationId,
      stored_file_id: stored.id,
      file_name: fileName,
      template: null,
      ...{ rows_created: 0, rows_updated: 0, rows_unchanged: 0, rows_failed: 0 },
    })
    .execute()
  await enqueueJob(change, {
    kind: IMPORT_JOB,
    queue: 'local',
    organizationId,
    accountId,
    deliveryNumber: delivery.number,
    maxAttempts: MAX_ATTEMPTS,
  })
  return delivery
}

/** The refusal of a roster file that is longer than the setting allows. */
export function importTooLarge(limit: number): DeliveryError {
  return new DeliveryError('too_large', `The file is larger than ${limit} bytes.`)
}

/** An import, and what became of its rows. */
export interface FoundImport {
  delivery: DeliveryRow
  facts: ImportRow
}

/**
 * An import, for the one who uploaded it.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`
 */
export async function findOwnImport(
  core: Core,
  principal: Principal,
  id: string,
): Promise<FoundImport> {
  demandRostering(principal)
  const delivery = await findDelivery(core.database.kysely, id)
  if (delivery === null || delivery.kind !== 'import') {
    throw new DeliveryError('not_found', 'There is no import with this reference.')
  }
  demand(
    principal,
    'pick-up',
    { organizationId: delivery.organization_id, ownerId: delivery.owner_id, permission: ROSTERING },
    'This import was uploaded by somebody else.',
  )
  return { delivery, facts: await readImport(core.database.kysely, delivery.number) }
}

/** How the rows of a file came out. */
export interface ImportCounts {
  template: string | null
  created: number
  updated: number
  unchanged: number
  failed: number
}

/** Notes how an import came out. */
export async function countImport(
  change: Change,
  deliveryNumber: number,
  counts: ImportCounts,
): Promise<void> {
  await change.db
    .updateTable('imports')
    .set({
      template: counts.template,
      rows_created: counts.created,
      rows_updated: counts.updated,
      rows_unchanged: counts.unchanged,
      rows_failed: counts.failed,
    })
    .where('delivery_number', '=', deliveryNumber)
    .execute()
}

/** Lets the uploaded file go; it may hold passwords. */
export async function releaseUpload(change: Change, deliveryNumber: number): Promise<void> {
  const { stored_file_id } = await readImport(change.db, deliveryNumber)
  if (stored_file_id === null) return
  await change.db
    .updateTable('imports')
    .set({ stored_file_id: null })
    .where('delivery_number', '=', deliveryNumber)
    .execute()
  await releaseStoredFiles(change, [stored_file_id])
}

/** Lets go what was uploaded for imports that ended without their job: by a cancellation. */
export async function releaseEndedUploads(core: Core): Promise<void> {
  const ended = await core.database.kysely
    .selectFrom('imports')
    .innerJoin('deliveries', 'deliveries.number', 'imports.delivery_number')
    .select('deliveries.number')
    .where('imports.stored_file_id', 'is not', null)
    .where('deliveries.state', 'not in', ['pending', 'running', 'paused'])
    .limit(200)
    .execute()
  for (const { number } of ended) await transact(core, (change) => releaseUpload(change, number))
}

/** What is known of an import beside its delivery, which must be one. */
export async function readImport(db: Connection, deliveryNumber: number): Promise<ImportRow> {
  return await db
    .selectFrom('imports')
    .selectAll()
    .where('delivery_number', '=', deliveryNumber)
    .executeTakeFirstOrThrow()
}
