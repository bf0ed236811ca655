import type { Database } from '../../database/database.ts'
import { hotQuery, unseen } from '../../database/hot-query.ts'
import type { GrantRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { createRecent, type Recent } from '../recent.ts'
import type { StoredFileFacts } from '../stored-files.ts'
import { admissionOf } from './grant-limits.ts'

/** What a grant opens. */
export interface GrantedFile {
  grant: Pick<
    GrantRow,
    | 'id'
    | 'account_id'
    | 'file_number'
    | 'archive_id'
    | 'method'
    | 'disposition'
    | 'revoked_at'
    | 'max_uses'
  >
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
  const granted = toGrantedFile(row)
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

function toGrantedFile(row: Awaited<ReturnType<typeof byId>>[number]): GrantedFile {
  const {
    id: grantId,
    account_id,
    file_number,
    archive_id,
    method,
    disposition,
    revoked_at,
    suspended_at,
    max_uses,
    networks,
    kind,
    ...facts
  } = row
  return {
    grant: {
      ...{ id: grantId, account_id, file_number, archive_id, method, disposition, max_uses },
      // What was handed to an account that is suspended since opens nothing.
      revoked_at: revoked_at ?? suspended_at,
    },
    admits: admissionOf({ networks }),
    isCounted: kind === 'order',
    bytes: facts.object_key === null ? null : (facts as StoredFileFacts),
  }
}

const byId = hotQuery((db) =>
  db
    .selectFrom('grants')
    .leftJoin('delivery_files', 'delivery_files.number', 'grants.file_number')
    .leftJoin('deliveries', 'deliveries.number', 'delivery_files.delivery_number')
    .leftJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
    .select(['grants.id', 'grants.account_id', 'grants.file_number', 'grants.archive_id'])
    .innerJoin('accounts', 'accounts.id', 'grants.account_id')
    .select(['grants.method', 'grants.disposition', 'grants.revoked_at', 'accounts.suspended_at'])
    .select(['grants.max_uses', 'grants.networks', 'deliveries.kind'])
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
