import { type Kysely, sql } from 'kysely'

/** Imports, and the rosters that they fill. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('imports')
    .addColumn('delivery_number', 'bigint', (c) => c.primaryKey().references('deliveries.number'))
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('stored_file_id', 'text')
    .addColumn('file_name', 'text', (c) => c.notNull())
    .addColumn('template', 'text')
    .addColumn('rows_created', 'bigint', (c) => c.notNull())
    .addColumn('rows_updated', 'bigint', (c) => c.notNull())
    .addColumn('rows_unchanged', 'bigint', (c) => c.notNull())
    .addColumn('rows_failed', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createIndex('imports_upload')
    .on('imports')
    .columns(['organization_id', 'delivery_number'])
    .where(sql.ref('stored_file_id'), 'is not', null)
    .execute()
  await db.schema
    .createTable('roster_heads')
    .addColumn('organization_id', 'text', (c) => c.primaryKey())
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('last_version', 'bigint', (c) => c.notNull())
    .addColumn('compacted_version', 'bigint', (c) => c.notNull())
    .execute()
  for (const noun of ['organizations', 'users', 'groups', 'memberships', 'sessions']) {
    await roster(db, `roster_${noun}`)
  }
}

async function roster(db: Kysely<unknown>, name: string): Promise<void> {
  await db.schema
    .createTable(name)
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('source_row', 'bigint', (c) => c.notNull())
    .addColumn('fields', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint(`${name}_pk`, ['organization_id', 'key', 'version'])
    .execute()
  await db.schema
    .createIndex(`${name}_version`)
    .on(name)
    .columns(['organization_id', 'version', 'key'])
    .execute()
}
