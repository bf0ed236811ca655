import type { ArchiveRow } from '../database/archive-tables.ts'
import type { Connection } from '../database/database.ts'
import type { GrantRow } from '../database/tables.ts'
import type { Core } from './core.ts'
import { deliveryThing } from './deliveries.ts'
import { type FoundFile, findDeliveryFile } from './delivery-files.ts'
import { DeliveryError } from './errors.ts'
import { recordEvents } from './events.ts'
import { newId } from './ids.ts'
import { demand } from './may.ts'
import { hasPermission, type Principal } from './principal.ts'
import { type Change, transact } from './transact.ts'

export interface NewGrant extends GrantOptions {
  fileNumber: number
}

export interface GrantOptions {
  disposition?: 'attachment' | 'inline'
  /** In seconds; the installation's setting when it is left out, never longer than the delivery lives. */
  lifetimeSeconds?: number
  /** What an expired URL answers: the issuing API's profile says. */
  expiredStatus?: 401 | 403
}

/**
 * Grants a signed URL to a file, to whoever may pick it up.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`, `not_ready`, `expired`,
 *   `invalid` for a lifetime outside 1 to 604,800 seconds
 */
export async function grantFile(
  core: Core,
  principal: Principal,
  wish: NewGrant,
): Promise<GrantRow> {
  const seconds = lifetimeOf(core, wish)
  const found = await findDeliveryFile(core.database.kysely, wish.fileNumber)
  if (found === null) throw new DeliveryError('not_found', 'There is no such file.')
  const { file, delivery } = found
  demand(
    principal,
    'read',
    deliveryThing(core, delivery),
    'This file belongs to somebody else, or you may not pick up files of its type.',
  )
  if (file.state === 'expired') throw new DeliveryError('expired', "The file's time is over.")
  // The bytes of an order's file may be there before its turn has come.
  if (file.stored_file_id === null || file.state === 'pending' || file.state === 'failed') {
    throw new DeliveryError('not_ready', 'The file is not ready yet.')
  }
  return await transact(core, (change) =>
    insertGrant(change, principal, {
      ...fromFound(found),
      method: 'GET',
      seconds,
      disposition: wish.disposition ?? 'attachment',
      expiredStatus: wish.expiredStatus ?? 403,
    }),
  )
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
  const { archive } = wish
  const seconds = lifetimeOf(core, wish)
  demand(
    principal,
    'pick-up',
    { organizationId: archive.organization_id, ownerId: archive.account_id, permission: null },
    'This archive was opened by somebody else.',
  )
  return await transact(core, (change) =>
    insertGrant(change, principal, {
      method: 'GET',
      target: { archiveId: archive.id },
      organizationId: archive.organization_id,
      fileName: archive.file_name,
      seconds,
      endsAt: archive.ends_at,
      disposition: wish.disposition ?? 'attachment',
      expiredStatus: wish.expiredStatus ?? 403,
    }),
  )
}

function lifetimeOf(core: Core, { lifetimeSeconds }: GrantOptions): number {
  const seconds = lifetimeSeconds ?? core.settings.signedUrlSeconds
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 604_800) return seconds
  throw new DeliveryError('invalid', 'A signed URL lives from 1 to 604,800 seconds.')
}

/** A signed URL to put a file's bytes to. Whoever calls has asked whether they may be put. */
export async function grantUpload(
  core: Core,
  change: Change,
  { principal, found, expiredStatus }: UploadGrant,
): Promise<GrantRow> {
  return await insertGrant(change, principal, {
    ...fromFound(found),
    method: 'PUT',
    seconds: core.settings.signedUrlSeconds,
    disposition: 'attachment',
    expiredStatus,
  })
}

export interface UploadGrant {
  principal: Principal
  found: FoundFile
  /** What an expired URL answers. */
  expiredStatus: 401 | 403
}

interface Granting {
  method: GrantRow['method']
  target: { fileNumber: number } | { archiveId: string }
  organizationId: string
  fileName: string
  seconds: number
  /** When what it opens ends; null for never. */
  endsAt: number | null
  disposition: GrantRow['disposition']
  expiredStatus: 401 | 403
}

async function insertGrant(
  change: Change,
  principal: Principal,
  granting: Granting,
): Promise<GrantRow> {
  const { target } = granting
  return await change.db
    .insertInto('grants')
    .values({
      id: newId(change.now),
      organization_id: granting.organizationId,
      account_id: principal.accountId,
      file_number: 'fileNumber' in target ? target.fileNumber : null,
      archive_id: 'archiveId' in target ? target.archiveId : null,
      method: granting.method,
      file_name: granting.fileName,
      disposition: granting.disposition,
      expired_status: granting.expiredStatus,
      created_at: change.now,
      expires_at: Math.min(
        change.now + granting.seconds * 1000,
        granting.endsAt ?? Number.MAX_SAFE_INTEGER,
      ),
      revoked_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

function fromFound({ file, delivery }: FoundFile) {
  return {
    target: { fileNumber: file.number },
    organizationId: delivery.organization_id,
    fileName: file.name,
    endsAt: delivery.expires_at,
  }
}

/** A grant by its id; null when there is none, or it was forgotten. */
export async function findGrant(db: Connection, id: string): Promise<GrantRow | null> {
  const row = await db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst()
  return row ?? null
}

export interface GrantsQuery {
  /** Only those with a smaller id: the next page, because the newest come first. */
  before?: string
  all?: boolean
  /** At most 1,000. */
  limit: number
}

/** The signed URLs that the caller was given and that have not expired, newest first. */
export async function listGrants(
  core: Core,
  principal: Principal,
  query: GrantsQuery,
): Promise<GrantRow[]> {
  if (query.all && !hasPermission(principal, 'admin')) {
    throw new DeliveryError('forbidden', 'Only administrators see the links of all accounts.')
  }
  let rows = core.database.kysely
    .selectFrom('grants')
    .selectAll()
    .where('organization_id', '=', principal.organizationId)
    .where('expires_at', '>', core.database.now())
    .orderBy('id', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (!query.all) rows = rows.where('account_id', '=', principal.accountId)
  if (query.before !== undefined) rows = rows.where('id', '<', query.before)
  return rows.execute()
}

/**
 * Revokes one signed URL at once, on every node. Revoking it again changes nothing.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function revokeGrant(core: Core, principal: Principal, id: string): Promise<GrantRow> {
  return await transact(core, async (change) => {
    const grant = await change.db
      .selectFrom('grants')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (grant === undefined) throw new DeliveryError('not_found', 'There is no such link.')
    demand(
      principal,
      'manage',
      { organizationId: grant.organization_id, ownerId: grant.account_id, permission: null },
      'This link was made for somebody else.',
    )
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

/** Forgets grants that expired before a time (ms); their URLs answer as expired ones all the same. */
export async function forgetGrants(core: Core, before: number): Promise<void> {
  await core.database.kysely.deleteFrom('grants').where('expires_at', '<', before).execute()
}
