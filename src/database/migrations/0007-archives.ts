import { type Kysely, sql } from 'kysely'

/** Archives: the list of each as it was when it was opened. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('archives')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('delivery_number', 'bigint')
    .addColumn('format', 'text', (c) => c.notNull())
    .addColumn('file_name', 'text', (c) => c.notNull())
    .addColumn('fingerprint', 'text')
    .addColumn('entries', 'bigint', (c) => c.notNull())
    .addColumn('omitted', 'bigint', (c) => c.notNull())
    .addColumn('directory_offset', 'bigint', (c) => c.notNull())
    .addColumn('directory_size', 'bigint', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('notice', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint', (c) => c.notNull())
    .addColumn('ends_at', 'bigint')
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('completed_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('archives_fingerprint')
    .on('archives')
    .columns(['account_id', 'fingerprint'])
    .where(sql.ref('fingerprint'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('archives_delivery')
    .on('archives')
    .column('delivery_number')
    .execute()
  await db.schema.createIndex('archives_expiry').on('archives').column('expires_at').execute()
  await db.schema
    .createTable('archive_entries')
    .addColumn('archive_id', 'text', (c) => c.notNull().references('archives.id'))
    .addColumn('start_offset', 'bigint', (c) => c.notNull())
    .addColumn('record_offset', 'bigint', (c) => c.notNull())
    .addColumn('entries', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('archive_entries_pk', ['archive_id', 'start_offset'])
    .execute()
  await db.schema
    .createIndex('archive_entries_record')
    .on('archive_entries')
    .columns(['archive_id', 'record_offset'])
    .execute()
}
