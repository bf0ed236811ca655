import type { Connection } from '../../database/database.ts'
import type { UploadPartRow, UploadRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { ExpectedBytes } from '../expected-bytes.ts'
import { demandUploadPlace } from '../grants/account-places.ts'
import { newId } from '../ids.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { demandTarget, type UploadResult, type UploadTarget } from './upload-target.ts'

/** An upload to which nothing comes for so long is given up. */
const KEPT_MS = 24 * 3600_000
/** A node that dies keeps others out for so long. */
export const LEASE_MS = 10_000

export interface NewUpload {
  target: UploadTarget
  expected: ExpectedBytes
  /** Kept as it is, for the one who asks. */
  metadata?: string
  /** How long it waits for its bytes, in ms; a day when left out. */
  keptMs?: number
}

/**
 * Begins an upload.
 * @throws DeliveryError as `demandTarget` and `insertUpload`
 */
export async function createUpload(
  core: Core,
  principal: Principal,
  wish: NewUpload,
): Promise<UploadRow> {
  await demandTarget(core, principal, wish.target)
  return await transact(core, (change) => insertUpload(core, change, { principal, ...wish }))
}

/**
 * The same within a change, by whoever has asked for the permission.
 * @throws DeliveryError `limit_reached`, `too_large` when the account has no place for it
 */
export async function insertUpload(
  core: Core,
  change: Change,
  { principal, target, expected, metadata = '', keptMs = KEPT_MS }: UploadOf,
): Promise<UploadRow> {
  const { db, now } = change
  const size = expected.size ?? null
  await demandUploadPlace(core, change, { accountId: principal.accountId, size })
  return await db
    .insertInto('uploads')
    .values({
      id: newId(now),
      organization_id: principal.organizationId,
      account_id: principal.accountId,
      target: JSON.stringify(target),
      size,
      digests: JSON.stringify([...(expected.digests ?? [])]),
      metadata,
      ...{ received: 0, lease: null, lease_until: null },
      ...{ created_at: now, updated_at: now, expires_at: now + keptMs },
      ...{ completed_at: null, result: null, message: null },
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

interface UploadOf extends NewUpload {
  principal: Principal
}

/**
 * An upload, for the one who began it and who still may.
 * @throws DeliveryError `not_found`, `not_yours`, `expired`; as `demandTarget`
 */
export async function readUpload(core: Core, principal: Principal, id: string): Promise<UploadRow> {
  const row = await findUpload(core.database.kysely, id)
  if (row === null) throw new DeliveryError('not_found', 'There is no such upload.')
  if (row.account_id !== principal.accountId) {
    throw new DeliveryError('not_yours', 'This upload is of somebody else.')
  }
  const now = core.database.now()
  // What somebody writes to is not given up.
  if (row.expires_at <= now && (row.lease_until ?? 0) <= now) {
    throw new DeliveryError('expired', 'The upload was given up: begin again.')
  }
  await demandTarget(core, principal, targetOf(row))
  return row
}

/** An upload by its id; null when there is none, or it was forgotten. */
export async function findUpload(db: Connection, id: string): Promise<UploadRow | null> {
  const row = await db.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
  return row ?? null
}

/** Where it goes when it is whole. */
export function targetOf({ target }: UploadRow): UploadTarget {
  return JSON.parse(target) as UploadTarget
}

/** What was announced of it. */
export function expectedOf({ size, digests }: UploadRow): ExpectedBytes {
  return { ...(size === null ? {} : { size }), digests: new Map(JSON.parse(digests)) }
}

/** What came of it; null as long as it is not whole. */
export function resultOf({ result }: UploadRow): UploadResult | null {
  return result === null ? null : (JSON.parse(result) as UploadResult)
}

/** Takes the lease of an upload; null while another holds it. */
export async function takeLease(core: Core, id: string, lease: string): Promise<UploadRow | null> {
  return await transact(core, async (change) => {
    const row = await change.db
      .updateTable('uploads')
      .set({ lease, lease_until: change.now + LEASE_MS })
      .where('id', '=', id)
      .where((eb) => eb.or([eb('lease', 'is', null), eb('lease_until', '<=', change.now)]))
      .returningAll()
      .executeTakeFirst()
    return row ?? null
  })
}

/** What somebody holds who writes to an upload. */
export interface HeldUpload {
  id: string
  lease: string
}

/** @throws DeliveryError `lease_lost` */
export async function keepLease(core: Core, held: HeldUpload): Promise<void> {
  await transact(core, async (change) => {
    await update(change, held, { lease_until: change.now + LEASE_MS })
  })
}

/** Lets others write; those that wait hear of it. */
export async function endLease(core: Core, { id, lease }: HeldUpload): Promise<void> {
  await transact(core, async (change) => {
    await change.db
      .updateTable('uploads')
      .set({ lease: null, lease_until: null })
      .where('id', '=', id)
      .where('lease', '=', lease)
      .execute()
    change.signal('upload', id)
  })
}

/**
 * Makes a part of an upload count.
 * @throws DeliveryError `lease_lost`: another writes, and the part is not a part of it
 */
export async function addPart(
  core: Core,
  held: HeldUpload,
  part: Omit<UploadPartRow, 'upload_id'>,
): Promise<void> {
  await transact(core, async (change) => {
    await update(change, held, {
      received: part.start_offset + part.size,
      updated_at: change.now,
      expires_at: change.now + KEPT_MS,
      lease_until: change.now + LEASE_MS,
    })
    await change.db
      .insertInto('upload_parts')
      .values({ upload_id: held.id, ...part })
      .execute()
  })
}

/** Notes what came of an upload, and gives back its parts, which are parts of nothing now. */
export async function endUpload(
  core: Core,
  held: HeldUpload,
  result: UploadResult,
): Promise<UploadPartRow[]> {
  return await transact(core, async (change) => {
    await update(change, held, {
      completed_at: change.now,
      expires_at: change.now + KEPT_MS,
      message: null,
      result: JSON.stringify(result),
    })
    return await dropParts(change, held.id)
  })
}

/** Says why nothing will come of an upload. */
export async function failUpload(change: Change, id: string, message: string): Promise<void> {
  await change.db
    .updateTable('uploads')
    .set({ message, updated_at: change.now })
    .where('id', '=', id)
    .execute()
}

/** Forgets an upload, and gives back its parts. */
export async function dropUpload(core: Core, id: string): Promise<UploadPartRow[]> {
  return await transact(core, async (change) => {
    const parts = await dropParts(change, id)
    await change.db.deleteFrom('uploads').where('id', '=', id).execute()
    return parts
  })
}

/** Uploads that are given up and that nobody writes to; at most `limit`. */
export async function findGivenUp(core: Core, limit: number): Promise<string[]> {
  const now = core.database.now()
  const rows = await core.database.kysely
    .selectFrom('uploads')
    .select('id')
    .where('expires_at', '<=', now)
    .where((eb) => eb.or([eb('lease', 'is', null), eb('lease_until', '<=', now)]))
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

/** The parts of an upload, in order. */
export async function listParts(db: Connection, id: string): Promise<UploadPartRow[]> {
  return await db
    .selectFrom('upload_parts')
    .selectAll()
    .where('upload_id', '=', id)
    .orderBy('start_offset')
    .execute()
}

/** Uploads that have encrypted parts: those of a day at most. */
export async function findEncryptedUploads(db: Connection): Promise<string[]> {
  const rows = await db
    .selectFrom('upload_parts')
    .select('upload_id')
    .distinct()
    .where('encryption', 'is not', null)
    .execute()
  return rows.map((row) => row.upload_id)
}

/** Notes that a part's data key was wrapped anew. */
export async function updateEncryption(
  { db }: Change,
  { upload_id, start_offset }: Pick<UploadPartRow, 'upload_id' | 'start_offset'>,
  encryption: string,
): Promise<void> {
  await db
    .updateTable('upload_parts')
    .set({ encryption })
    .where('upload_id', '=', upload_id)
    .where('start_offset', '=', start_offset)
    .execute()
}

async function dropParts({ db }: Change, id: string): Promise<UploadPartRow[]> {
  return await db.deleteFrom('upload_parts').where('upload_id', '=', id).returningAll().execute()
}

async function update(
  { db }: Change,
  { id, lease }: HeldUpload,
  changes: Partial<UploadRow>,
): Promise<void> {
  const row = await db
    .updateTable('uploads')
    .set(changes)
    .where('id', '=', id)
    .where('lease', '=', lease)
    .returning('id')
    .executeTakeFirst()
  if (row !== undefined) return
  throw new DeliveryError('lease_lost', 'Another request writes to this upload now.')
}
