import { createHash, randomBytes } from 'node:crypto'
import type { GrantRow, ManifestRow } from '../../database/tables.ts'
import { findPrincipal } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { findDeliveryFiles } from '../delivery-files.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { demandManifestPlace } from '../grants/account-places.ts'
import { demandReadable } from '../grants/find-ready-files.ts'
import { grantFile, revokeGrantsOf } from '../grants/grants.ts'
import { newId } from '../ids.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import { type Selection, selectFiles } from '../selected-files.ts'
import { transact } from '../transact.ts'

export interface NewManifest extends Selection {
  /** What it is called; `files` when left out. */
  name?: string
  /** In seconds, up to 90 days; seven days when left out. */
  lifetimeSeconds?: number
}

const LONGEST_S = 90 * 86_400
const USUAL_S = 7 * 86_400

/**
 * Makes a manifest: a list of files at a secret address, which stays good for days while each of the
 * addresses that it lists leads to a signed URL made at that moment. Whoever has it may pick up what
 * its maker may at that moment.
 * @returns the row, and the secret, which is told only now
 * @throws DeliveryError as `selectFiles`; `not_found`, `not_yours`, `forbidden` for a file that the
 *   caller may not pick up; `invalid` for a lifetime; `limit_reached`
 */
export async function createManifest(
  core: Core,
  principal: Principal,
  wish: NewManifest,
): Promise<{ manifest: ManifestRow; token: string }> {
  const seconds = lifetimeOf(wish)
  const numbers = await selectFiles(core, principal, wish)
  await demandEach(core, principal, numbers)
  const token = randomBytes(32).toString('base64url')
  const manifest = await transact(core, async (change) => {
    await demandManifestPlace(core, change, principal)
    const row = {
      id: newId(change.now),
      organization_id: principal.organizationId,
      account_id: principal.accountId,
      token_hash: hashOf(token),
      name: wish.name ?? 'files',
      delivery_id: wish.delivery ?? null,
      files: wish.delivery === undefined ? JSON.stringify([...new Set(numbers)]) : null,
      created_at: change.now,
      expires_at: change.now + seconds * 1000,
      revoked_at: null,
    }
    await change.db.insertInto('manifests').values(row).execute()
    await recordEvents(change, [eventOf(row, principal, 'manifest.created')])
    return row
  })
  return { manifest, token }
}

function lifetimeOf({ lifetimeSeconds: seconds = USUAL_S }: NewManifest): number {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST_S) return seconds
  throw new DeliveryError('invalid', `A manifest lives from 1 to ${LONGEST_S} seconds.`)
}

async function demandEach(
  core: Core,
  principal: Principal,
  numbers: readonly number[],
): Promise<void> {
  const found = await findDeliveryFiles(core.database.kysely, numbers)
  for (const number of numbers) {
    const file = found.get(number)
    if (file === undefined) throw new DeliveryError('not_found', `There is no file ${number}.`)
    demandReadable(core, principal, file)
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function eventOf(row: ManifestRow, { accountId }: Principal, action: string) {
  return {
    organizationId: row.organization_id,
    ownerId: row.account_id,
    actorId: accountId,
    action,
    data: { manifest: row.id, delivery: row.delivery_id },
  }
}

/** A manifest that somebody opened by its secret, and for whom it speaks. */
export interface OpenedManifest {
  manifest: ManifestRow
  /** Its maker, with the rights that it has now. */
  principal: Principal
}

/**
 * A manifest by the secret in its address.
 * @throws DeliveryError `not_found`; `expired` when its time is over or it was revoked; `forbidden`
 *   when its maker is suspended
 */
export async function openManifest(core: Core, token: string): Promise<OpenedManifest> {
  const manifest = await core.database.kysely
    .selectFrom('manifests')
    .selectAll()
    .where('token_hash', '=', hashOf(token))
    .executeTakeFirst()
  if (manifest === undefined) throw new DeliveryError('not_found', 'There is no such manifest.')
  if (manifest.revoked_at !== null) {
    throw new DeliveryError('expired', 'This manifest was revoked.')
  }
  if (manifest.expires_at <= core.database.now()) {
    throw new DeliveryError('expired', "This manifest's time is over; ask for a new one.")
  }
  const principal = await findPrincipal(core, manifest.account_id)
  if (principal === null) {
    throw new DeliveryError('forbidden', 'The account that made this manifest is suspended.')
  }
  return { manifest, principal }
}

/**
 * A signed URL, made just now, to a file that a manifest lists.
 * @throws DeliveryError `not_found` for a file that it does not list; as `grantFile`
 */
export async function grantFromManifest(
  core: Core,
  { manifest, principal }: OpenedManifest,
  fileNumber: number,
): Promise<GrantRow> {
  const found = (await findDeliveryFiles(core.database.kysely, [fileNumber])).get(fileNumber)
  const isListed =
    manifest.files === null
      ? found?.delivery.id === manifest.delivery_id
      : (JSON.parse(manifest.files) as number[]).includes(fileNumber)
  if (!isListed) throw new DeliveryError('not_found', 'The manifest lists no such file.')
  return await grantFile(core, principal, { fileNumber, manifestId: manifest.id })
}

export interface ManifestsQuery {
  /** Only those with a smaller id. */
  before?: string
  /** At most 1,000. */
  limit: number
}

/** The manifests that the caller made and that have not expired, newest first. */
export async function listManifests(
  core: Core,
  principal: Principal,
  query: ManifestsQuery,
): Promise<ManifestRow[]> {
  let rows = core.database.kysely
    .selectFrom('manifests')
    .selectAll()
    .where('account_id', '=', principal.accountId)
    .where('expires_at', '>', core.database.now())
    .orderBy('id', 'desc')
    .limit(Math.min(query.limit, 1000))
  if (query.before !== undefined) rows = rows.where('id', '<', query.before)
  return await rows.execute()
}

/**
 * Revokes a manifest at once, and with it the URLs that it has led to. Revoking it again changes
 * nothing.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function revokeManifest(core: Core, principal: Principal, id: string): Promise<void> {
  await transact(core, async (change) => {
    const row = await change.db
      .selectFrom('manifests')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) throw new DeliveryError('not_found', 'There is no such manifest.')
    const thing = { organizationId: row.organization_id, ownerId: row.account_id, permission: null }
    demand(principal, 'manage', thing, 'This manifest was made by somebody else.')
    if (row.revoked_at !== null) return
    await change.db
      .updateTable('manifests')
      .set({ revoked_at: change.now })
      .where('id', '=', id)
      .execute()
    await revokeGrantsOf(change, id)
    await recordEvents(change, [eventOf(row, principal, 'manifest.revoked')])
  })
}

/** Forgets manifests that expired before a time (ms). */
export async function forgetManifests(core: Core, before: number): Promise<void> {
  await core.database.kysely.deleteFrom('manifests').where('expires_at', '<', before).execute()
}
