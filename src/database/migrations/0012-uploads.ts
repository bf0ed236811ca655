import type { Kysely } from 'kysely'

/** Uploads that come in several requests, and signed URLs by which others put files in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('uploads')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint')
    .addColumn('digests', 'text', (c) => c.notNull())
    .addColumn('metadata', 'text', (c) => c.notNull())
    .addColumn('received', 'bigint', (c) => c.notNull())
    .addColumn('lease', 'text')
    .addColumn('lease_until', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('completed_at', 'bigint')
    .addColumn('result', 'text')
    .addColumn('message', 'text')
    .execute()
  await db.schema.createIndex('uploads_expiry').on('uploads').column('expires_at').execute()
  await db.schema
    .createTable('upload_parts')
    .addColumn('upload_id', 'text', (c) => c.notNull().references('uploads.id'))
    .addColumn('start_offset', 'bigint', (c) => c.notNull())
    .addColumn('object_key', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('encryption', 'text')
    .addPrimaryKeyConstraint('upload_parts_pk', ['upload_id', 'start_offset'])
    .execute()
  await db.schema.alterTable('grants').addColumn('upload_id', 'text').execute()
}
