import type { Kysely } from 'kysely'

/** Sessions that were ended by hand before their time. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('ended_sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('ended_sessions_until').on('ended_sessions').column('until').execute()
}
