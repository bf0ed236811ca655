import type { Kysely } from 'kysely'
import type { Engine } from '../database.ts'
import { numberKey } from './number-key.ts'

/** Studies, their deliveries and files, and what the watched folder has published. */
export async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await numberKey(db.schema.createTable('studies'), engine)
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id'))
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('studies_code', ['organization_id', 'code'])
    .execute()
  await db.schema
    .createTable('study_deliveries')
    .addColumn('delivery_number', 'bigint', (c) => c.primaryKey().references('deliveries.number'))
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('study_number', 'bigint', (c) => c.notNull().references('studies.number'))
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('study_deliveries_code', ['study_number', 'code'])
    .execute()
  await db.schema
    .createIndex('study_deliveries_organization')
    .on('study_deliveries')
    .columns(['organization_id', 'delivery_number'])
    .execute()
  await files(db)
  await db.schema
    .createTable('watched_files')
    .addColumn('folder', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('fingerprint', 'text', (c) => c.notNull())
    .addColumn('file_number', 'bigint')
    .addColumn('published_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('watched_files_pk', ['folder', 'name'])
    .execute()
}

async function files(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('study_files')
    .addColumn('file_number', 'bigint', (c) => c.primaryKey().references('delivery_files.number'))
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('study_number', 'bigint', (c) => c.notNull())
    .addColumn('delivery_number', 'bigint', (c) => c.notNull())
    .addColumn('segment', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('modified_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('study_files_segment', ['delivery_number', 'segment'])
    .execute()
  await db.schema
    .createIndex('study_files_name')
    .on('study_files')
    .columns(['delivery_number', 'name'])
    .execute()
  // One for each depth of the listing, newest first.
  for (const depth of ['organization_id', 'study_number', 'delivery_number']) {
    await db.schema
      .createIndex(`study_files_by_${depth}`)
      .on('study_files')
      .columns([depth, 'modified_at', 'file_number'])
      .execute()
  }
}
