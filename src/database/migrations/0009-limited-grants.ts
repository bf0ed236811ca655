import type { Kysely } from 'kysely'

/** Limits of signed URLs, and who has used those that are counted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('grants').addColumn('max_uses', 'bigint').execute()
  await db.schema.alterTable('grants').addColumn('networks', 'text').execute()
  await db.schema
    .createTable('grant_uses')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('grant_id', 'text', (c) => c.notNull())
    .addColumn('client', 'text', (c) => c.notNull())
    .addColumn('address', 'text')
    .addColumn('agent', 'text', (c) => c.notNull())
    .addColumn('spans', 'text', (c) => c.notNull())
    .addColumn('bytes_sent', 'bigint', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('burnt_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('grant_uses_client')
    .on('grant_uses')
    .columns(['grant_id', 'client'])
    .execute()
}
