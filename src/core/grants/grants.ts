import type { ArchiveRow } from '../../database/archive-tables.ts'
import type { GrantRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import type { FoundFile } from '../delivery-files.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { newId } from '../ids.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { failUpload } from '../uploads/uploads.ts'
import { demandLinkPlaces } from './account-places.ts'
import { demandOwnGrant, findGrant } from './find-grants.ts'
import { findReadyFiles } from './find-ready-files.ts'
import { type GrantLimits, limitColumns } from './grant-limits.ts'

export interface GrantOptions extends GrantLimits {
  disposition?: 'attachment' | 'inline'
  /** In seconds; the installation's setting when it is left out, never longer than the delivery lives. */
  lifetimeSeconds?: number
  /** What an expired URL answers: the issuing API's profile says. */
  expiredStatus?: 401 | 403
  /** Somebody keeps it, and it counts among the links that an account may have: a redirect is none. */
  isKept?: boolean
}

export interface NewGrant extends GrantOptions {
  fileNumber: number
  /** The manifest that leads to it, and takes it along when it is revoked. */
  manifestId?: string
}

/**
 * Grants a signed URL to a file, to whoever may pick it up.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `not_ready`, `expired`,
 *   `invalid` for a lifetime outside 1 to 604,800 seconds or limits that cannot be;
 *   `limit_reached` for one that is kept and finds no place
 */
export async function grantFile(
  core: Core,
  principal: Principal,
  wish: NewGrant,
): Promise<GrantRow> {
  const { fileNumber, ...more } = wish
  const [grant] = await grantFiles(core, principal, { ...more, fileNumbers: [fileNumber] })
  if (grant === undefined) throw new Error('One file was granted and none came of it.')
  return grant
}

/**
 * The same for many files, at most 10,000, in the order given: each is asked the permission for, and
 * one that fails refuses all.
 * @throws DeliveryError as `grantFile`; of several, `details.file` is the number that failed
 */
export async function grantFiles(
  core: Core,
  principal: Principal,
  { fileNumbers, manifestId, ...options }: NewGrants,
): Promise<GrantRow[]> {
  const terms = termsOf(core, options)
  const files = await findReadyFiles(core, principal, fileNumbers)
  const grantings = files.map((found) => ({ ...terms, ...fromFound(found), manifestId }))
  return await transact(core, async (change) => {
    if (options.isKept) {
      await demandLinkPlaces(core, change, { principal, more: grantings.length })
    }
    if (manifestId !== undefined) await demandOpenManifest(change, manifestId)
    return await insertGrants(change, principal, grantings)
  })
}

export interface NewGrants extends Omit<NewGrant, 'fileNumber'> {
  fileNumbers: readonly number[]
}

/** Since it was looked up it may have been revoked, and its grants with it. */
async function demandOpenManifest({ db }: Change, id: string): Promise<void> {
  const row = await db
    .selectFrom('manifests')
    .select('id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) throw new DeliveryError('expired', 'This manifest was revoked.')
}

/**
 * Grants a signed URL to an archive, to the one who opened it: whoever opens one was asked for the
 * permission to each of its files.
 * @throws DeliveryError `not_yours`, `invalid` for a lifetime outside 1 to 604,800 seconds;
 *   `limit_reached` for one that is kept and finds no place
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
  const [grant] = await transact(core, async (change) => {
    if (options.isKept) await demandLinkPlaces(core, change, { principal, more: 1 })
    return await insertGrants(change, principal, [granting])
  })
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
    isKept: options.isKept ?? false,
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
  isKept: boolean
}

interface Granting extends Terms {
  target: { fileNumber: number } | { archiveId: string } | { uploadId: string }
  organizationId: string
  fileName: string
  manifestId?: string | undefined
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
  const expiresAt = Math.min(now + seconds * 1000, endsAt ?? Number.MAX_SAFE_INTEGER)
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
    expires_at: expiresAt,
    revoked_at: null,
    ...limits,
    manifest_id: granting.manifestId ?? null,
    place_until: granting.isKept ? expiresAt : null,
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
      .set({ revoked_at: change.now, place_until: null })
      .where('id', '=', id)
      .execute()
    if (grant.upload_id !== null) {
      await failUpload(change, grant.upload_id, 'The URL to put it in was revoked.')
    }
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

/** Revokes what a manifest led to. */
export async function revokeGrantsOf(change: Change, manifestId: string): Promise<void> {
  await change.db
    .updateTable('grants')
    .set({ revoked_at: change.now })
    .where('manifest_id', '=', manifestId)
    .where('revoked_at', 'is', null)
    .execute()
  change.signal('grant')
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
