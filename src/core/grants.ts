import type { ArchiveRow } from '../database/archive-tables.ts'
import type { GrantRow } from '../database/tables.ts'
import type { Core } from './core.ts'
import { deliveryThing } from './deliveries.ts'
import { type FoundFile, findDeliveryFiles } from './delivery-files.ts'
import { DeliveryError } from './errors.ts'
import { recordEvents } from './events.ts'
import { demandOwnGrant, findGrant } from './find-grants.ts'
import { type GrantLimits, limitColumns } from './grant-limits.ts'
import { newId } from './ids.ts'
import { demand } from './may.ts'
import type { Principal } from './principal.ts'
import { type Change, transact } from './transact.ts'

export interface GrantOptions extends GrantLimits {
  disposition?: 'attachment' | 'inline'
  /** In seconds; the installation's setting when it is left out, never longer than the delivery lives. */
  lifetimeSeconds?: number
  /** What an expired URL answers: the issuing API's profile says. */
  expiredStatus?: 401 | 403
}

export interface NewGrant extends GrantOptions {
  fileNumber: number
}

/**
 * Grants a signed URL to a file, to whoever may pick it up.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `not_ready`, `expired`,
 *   `invalid` for a lifetime outside 1 to 604,800 seconds or limits that cannot be
 */
export async function grantFile(
  core: Core,
  principal: Principal,
  wish: NewGrant,
): Promise<GrantRow> {
  const { fileNumber, ...options } = wish
  const [grant] = await grantFiles(core, principal, { ...options, fileNumbers: [fileNumber] })
  if (grant === undefined) throw new Error('One file was granted and none came of it.')
  return grant
}

/**
 * The same for many files, at most 10,000, in the order given: each is asked the permission for, and
 * one that fails refuses all.
 * @throws DeliveryError as `grantFile`; `details.file` is the number that failed
 */
export async function grantFiles(
  core: Core,
  principal: Principal,
  { fileNumbers, ...options }: GrantOptions & { fileNumbers: readonly number[] },
): Promise<GrantRow[]> {
  const terms = termsOf(core, options)
  const files = await findDeliveryFiles(core.database.kysely, fileNumbers)
  const grantings = fileNumbers.map((number) => {
    const found = files.get(number)
    try {
      if (found === undefined) throw new DeliveryError('not_found', 'There is no such file.')
      demandReady(core, principal, found)
      return { ...terms, ...fromFound(found) }
    } catch (error) {
      throw naming(error, number)
    }
  })
  return await transact(core, (change) => insertGrants(change, principal, grantings))
}

function demandReady(core: Core, principal: Principal, found: FoundFile): void {
  demandReadable(core, principal, found)
  const { file } = found
  if (file.state === 'expired') throw new DeliveryError('expired', "The file's time is over.")
  // The bytes of an order's file may be there before its turn has come.
  if (file.stored_file_id === null || file.state === 'pending' || file.state === 'failed') {
    throw new DeliveryError('not_ready', 'The file is not ready yet.')
  }
}

/**
 * Asks whether somebody may pick up a file, whether it is ready or not.
 * @throws DeliveryError `not_yours`, `forbidden`
 */
export function demandReadable(
  core: Core,
  principal: Principal,
  { delivery }: Pick<FoundFile, 'delivery'>,
): void {
  demand(
    principal,
    'read',
    deliveryThing(core, delivery),
    'This file belongs to somebody else, or you may not pick up files of its type.',
  )
}

function naming(error: unknown, file: number): unknown {
  if (!(error instanceof DeliveryError)) return error
  const { code, message, details } = error
  return new DeliveryError(code, message, { cause: error, details: { ...details, file } })
}

/**
 * Grants a signed URL to an archive, to the one who opened it: whoever opens one was asked for the
 * permission to each of its files.
 * @throws DeliveryError `not_yours`, `invalid` for a lifetime outside 1 to 604,800 seconds
 */
export async function grantArchive(
  core: Core,
  principal: Principal,
  wish: GrantOptions & { archive: ArchiveRow },
): Promise<GrantRow> {
  const { archive, ...options } = wish
  const terms = termsOf(core, options)
  demand(
    principal,
    'pick-up',
    { organizationId: archive.organization_id, ownerId: archive.account_id, permission: null },
    'This archive was opened by somebody else.',
  )
  const granting: Granting = {
    ...terms,
    target: { archiveId: archive.id },
    organizationId: archive.organization_id,
    fileName: archive.file_name,
    endsAt: archive.ends_at,
  }
  const [grant] = await transact(core, (change) => insertGrants(change, principal, [granting]))
  if (grant === undefined) throw new Error('An archive was granted and nothing came of it.')
  return grant
}

/** What all grants of one wish have in common. */
function termsOf(core: Core, options: GrantOptions): Terms {
  const seconds = options.lifetimeSeconds ?? core.settings.signedUrlSeconds
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 604_800) {
    throw new DeliveryError('invalid', 'A signed URL lives from 1 to 604,800 seconds.')
  }
  return {
    method: options.page ? 'PAGE' : 'GET',
    seconds,
    disposition: options.disposition ?? 'attachment',
    expiredStatus: options.expiredStatus ?? 403,
    limits: limitColumns(options),
  }
}

/** A signed URL to put a file's bytes to. Whoever calls has asked whether they may be put. */
export async function grantUpload(
  core: Core,
  change: Change,
  { principal, into, ...options }: UploadGrant,
): Promise<GrantRow> {
  const place = 'file' in into ? fromFound(into) : { target: into, ...into, endsAt: null }
  const granting: Granting = { ...termsOf(core, options), ...place, method: 'PUT' }
  const [grant] = await insertGrants(change, principal, [granting])
  if (grant === undefined) throw new Error('An upload was granted and nothing came of it.')
  return grant
}

export interface UploadGrant extends GrantOptions {
  principal: Principal
  /** A delivery's file that has no bytes yet, or an upload. */
  into: FoundFile | { uploadId: string; organizationId: string; fileName: string }
}

interface Terms {
  method: GrantRow['method']
  seconds: number
  disposition: GrantRow['disposition']
  expiredStatus: 401 | 403
  limits: Pick<GrantRow, 'max_uses' | 'networks'>
}

interface Granting extends Terms {
  target: { fileNumber: number } | { archiveId: string } | { uploadId: string }
  organizationId: string
  fileName: string
  /** When what it opens ends; null for never. */
  endsAt: number | null
}

/** So many rows go into one statement: SQLite binds at most 32,766 values. */
const ROWS = 1000

async function insertGrants(
  change: Change,
  principal: Principal,
  grantings: readonly Granting[],
): Promise<GrantRow[]> {
  const rows = grantings.map((granting) => toRow(change, principal, granting))
  for (let start = 0; start < rows.length; start += ROWS) {
    await change.db
      .insertInto('grants')
      .values(rows.slice(start, start + ROWS))
      .execute()
  }
  return rows
}

function toRow({ now }: Change, { accountId }: Principal, granting: Granting): GrantRow {
  const { target, limits, seconds, endsAt } = granting
  return {
    id: newId(now),
    organization_id: granting.organizationId,
    account_id: accountId,
    file_number: 'fileNumber' in target ? target.fileNumber : null,
    archive_id: 'archiveId' in target ? target.archiveId : null,
    upload_id: 'uploadId' in target ? target.uploadId : null,
    method: granting.method,
    file_name: granting.fileName,
    disposition: granting.disposition,
    expired_status: granting.expiredStatus,
    created_at: now,
    expires_at: Math.min(now + seconds * 1000, endsAt ?? Number.MAX_SAFE_INTEGER),
    revoked_at: null,
    ...limits,
  }
}

function fromFound({ file, delivery }: FoundFile) {
  return {
    target: { fileNumber: file.number },
    organizationId: delivery.organization_id,
    fileName: file.name,
    endsAt: delivery.expires_at,
  }
}

/**
 * Revokes one signed URL at once, on every node. Revoking it again changes nothing.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function revokeGrant(core: Core, principal: Principal, id: string): Promise<GrantRow> {
  return await transact(core, async (change) => {
    const grant = await findGrant(change.db, id)
    if (grant === null) throw new DeliveryError('not_found', 'There is no such link.')
    demandOwnGrant(principal, grant)
    if (grant.revoked_at !== null) return grant
    await change.db
      .updateTable('grants')
      .set({ revoked_at: change.now })
      .where('id', '=', id)
      .execute()
    change.signal('grant')
    await recordEvents(change, [
      {
        organizationId: grant.organization_id,
        ownerId: grant.account_id,
        actorId: principal.accountId,
        action: 'link.revoked',
        data: { link: id, file: grant.file_number, archive: grant.archive_id },
      },
    ])
    return { ...grant, revoked_at: change.now }
  })
}

/**
 * Holds a grant against other changes, on all nodes, until this one is committed; null when there is
 * none. It writes, as `holdAccount` does.
 */
export async function holdGrant(
  change: Change,
  id: string,
): Promise<Pick<GrantRow, 'max_uses'> | null> {
  const row = await change.db
    .updateTable('grants')
    .set(({ ref }) => ({ max_uses: ref('max_uses') }))
    .where('id', '=', id)
    .returning('max_uses')
    .executeTakeFirst()
  return row ?? null
}

/** Forgets grants that expired before a time (ms); their URLs answer as expired ones all the same. */
export async function forgetGrants(core: Core, before: number): Promise<void> {
  await core.database.kysely.deleteFrom('grants').where('expires_at', '<', before).execute()
}
