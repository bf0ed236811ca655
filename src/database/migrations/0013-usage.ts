import type { Kysely } from 'kysely'

/** What was kept and what went out, by organization and day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('usage_days')
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('sent_bytes', 'bigint', (c) => c.notNull())
    .addColumn('pickups', 'bigint', (c) => c.notNull())
    .addColumn('stored_bytes', 'bigint')
    .addColumn('stored_files', 'bigint')
    .addColumn('counted_at', 'bigint')
    .addPrimaryKeyConstraint('usage_days_key', ['organization_id', 'day'])
    .execute()
}
