import type { Kysely } from 'kysely'

/** Files that outside workers have put in, until their attempt ends. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('work_files')
    .addColumn('job_number', 'bigint', (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('media_type', 'text', (c) => c.notNull())
    .addColumn('object_key', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('md5', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('crc32', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('work_files_pk', ['job_number', 'attempt', 'name'])
    .execute()
}
