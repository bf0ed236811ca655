import type { Database } from '../../database/database.ts'
import { hotQuery, unseen } from '../../database/hot-query.ts'
import type { GrantRow } from '../../database/tables.ts'
import { principalOf } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { deliveryThing } from '../deliveries.ts'
import { may } from '../may.ts'
import { hasPermission } from '../principal.ts'
import { createRecent, type Recent } from '../recent.ts'
import type { StoredFileFacts } from '../stored-files.ts'
import { admissionOf } from './grant-limits.ts'

/** What a grant opens. */
export interface GrantedFile {
  grant: Pick<
    GrantRow,
    'id' | 'account_id' | 'file_number' | 'archive_id' | 'method' | 'disposition' | 'max_uses'
  >
  /** Why it opens nothing: it was revoked, or its account is suspended or may not have this any more; else null. */
  closed: 'revoked' | 'not_permitted' | null
  /** Whether it opens for somebody at an address; null when for all. */
  admits: ((address: string | null) => boolean) | null
  /** Does it matter how much of it goes out? A file of an order is `delivered` when all of it did. */
  isCounted: boolean
  /** Null when the bytes have gone since, and for an archive. */
  bytes: StoredFileFacts | null
}

/**
 * A grant with the bytes it opens, in one look-up: every download by a signed URL comes here. What
 * is found is remembered for a second, or until a grant is revoked or bytes are let go: clients that
 * take a file in many ranges, or many that take the same, ask for it again and again.
 */
export async function findGrantedFile(core: Core, id: string): Promise<GrantedFile | null> {
  const keep = recentIn(core.database).begin()
  const [row] = await byId(core.database, [id])
  if (row === undefined) return null
  const granted = toGrantedFile(core, row)
  keep(id, granted)
  return granted
}

/** The same when it was found a moment ago, else null. */
export function recallGrantedFile(core: Core, id: string): GrantedFile | null {
  return recentIn(core.database).find(id)
}

const recents = new WeakMap<Database, Recent<GrantedFile>>()

function recentIn(database: Database): Recent<GrantedFile> {
  const known = recents.get(database)
  if (known !== undefined) return known
  const recent = createRecent<GrantedFile>(database, 'grant')
  recents.set(database, recent)
  return recent
}

type GrantedRow = Awaited<ReturnType<typeof byId>>[number]

function toGrantedFile(core: Core, row: GrantedRow): GrantedFile {
  const {
    id: grantId,
    account_id,
    file_number,
    archive_id,
    method,
    disposition,
    max_uses,
    networks,
    kind,
    ...facts
  } = row
  return {
    grant: { id: grantId, account_id, file_number, archive_id, method, disposition, max_uses },
    closed: closedBy(core, row),
    admits: admissionOf({ networks }),
    isCounted: kind === 'order',
    bytes: facts.object_key === null ? null : (facts as StoredFileFacts),
  }
}

function closedBy(core: Core, row: GrantedRow): GrantedFile['closed'] {
  if (row.revoked_at !== null) return 'revoked'
  return row.suspended_at === null && isPermitted(core, row) ? null : 'not_permitted'
}

/**
 * May its account have it still? What an archive asks for is written down with it. An archive from
 * before that was written down, and a file that has gone, ask for nothing.
 */
function isPermitted(core: Core, row: GrantedRow): boolean {
  const { kind, delivery_organization, archive_permissions } = row
  const holder = principalOf({ ...row, id: row.account_id })
  if (archive_permissions !== null) {
    const needed = JSON.parse(archive_permissions) as string[]
    return needed.every((permission) => hasPermission(holder, permission))
  }
  const { type, info, owner_id } = row
  if (kind === null || owner_id === null || delivery_organization === null) return true
  const place = { kind, type, info, owner_id, organization_id: delivery_organization }
  return may(holder, 'read', deliveryThing(core, place)) === 'yes'
}

const byId = hotQuery((db) =>
  db
    .selectFrom('grants')
    .leftJoin('delivery_files', 'delivery_files.number', 'grants.file_number')
    .leftJoin('deliveries', 'deliveries.number', 'delivery_files.delivery_number')
    .leftJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .leftJoin('archives', 'archives.id', 'grants.archive_id')
    .select(['grants.id', 'grants.account_id', 'grants.file_number', 'grants.archive_id'])
    .innerJoin('accounts', 'accounts.id', 'grants.account_id')
    .select(['grants.method', 'grants.disposition', 'grants.revoked_at', 'accounts.suspended_at'])
    .select(['accounts.organization_id', 'accounts.username', 'accounts.permissions'])
    .select(['grants.max_uses', 'grants.networks'])
    .select(['deliveries.kind', 'deliveries.type', 'deliveries.info', 'deliveries.owner_id'])
    .select('deliveries.organization_id as delivery_organization')
    .select('archives.permissions as archive_permissions')
    .select(['stored_files.object_key', 'stored_files.size', 'stored_files.media_type'])
    .select(['stored_files.md5', 'stored_files.sha256', 'stored_files.crc32'])
    .select(['stored_files.encryption', 'stored_files.created_at'])
    .where('grants.id', '=', unseen(''))
    .compile(),
)

/** What an expired URL answers; null when the grant has been forgotten. */
export async function expiredStatusOf(core: Core, id: string): Promise<number | null> {
  const row = await core.database.kysely
    .selectFrom('grants')
    .select('expired_status')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.expired_status ?? null
}
