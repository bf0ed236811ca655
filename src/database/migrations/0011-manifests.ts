import type { Kysely } from 'kysely'

/** Lists of files that are handed out, and what they say of the pieces of large ones. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('manifests')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('delivery_id', 'text')
    .addColumn('files', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('manifests_account')
    .on('manifests')
    .columns(['account_id', 'id'])
    .execute()
  await db.schema.createIndex('manifests_expiry').on('manifests').column('expires_at').execute()
  await db.schema
    .createTable('piece_hashes')
    .addColumn('stored_file_id', 'text', (c) => c.primaryKey())
    .addColumn('piece_length', 'bigint', (c) => c.notNull())
    .addColumn('hashes', 'text', (c) => c.notNull())
    .execute()
}
