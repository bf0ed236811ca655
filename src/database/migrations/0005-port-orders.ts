import type { Kysely } from 'kysely'
import type { Engine } from '../database.ts'
import { numberKey } from './number-key.ts'

/** Port orders with their documents, and the master key that an encrypted file is under. */
export async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await db.schema.alterTable('stored_files').addColumn('master_key_id', 'text').execute()
  await db.schema
    .createIndex('stored_files_master_key')
    .on('stored_files')
    .column('master_key_id')
    .where('master_key_id', 'is not', null)
    .execute()
  await db.schema.alterTable('work_files').addColumn('encryption', 'text').execute()
  await numberKey(db.schema.createTable('port_order_groups'), engine)
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('owner_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await createOrders(db)
  await db.schema
    .createTable('port_order_numbers')
    .addColumn('delivery_number', 'bigint', (c) => c.notNull())
    .addColumn('phone_number', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('port_order_numbers_pk', ['delivery_number', 'phone_number'])
    .execute()
  await db.schema
    .createIndex('port_order_numbers_phone')
    .on('port_order_numbers')
    .column('phone_number')
    .execute()
  await db.schema
    .createTable('port_order_files')
    .addColumn('file_number', 'bigint', (c) => c.primaryKey())
    .addColumn('delivery_number', 'bigint', (c) => c.notNull())
    .addColumn('given_name', 'text', (c) => c.notNull())
    .addColumn('original_url', 'text')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('message', 'text')
    .execute()
  await db.schema
    .createIndex('port_order_files_delivery')
    .on('port_order_files')
    .columns(['delivery_number', 'file_number'])
    .execute()
}

async function createOrders(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('port_orders')
    .addColumn('delivery_number', 'bigint', (c) => c.primaryKey())
    .addColumn('group_number', 'bigint', (c) => c.notNull())
    .addColumn('organization_id', 'text', (c) => c.notNull())
    .addColumn('owner_id', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('status_updated_at', 'bigint')
    .addColumn('alias', 'text')
    .addColumn('status_url', 'text')
    .addColumn('completion_date', 'text')
    .addColumn('completed_at', 'bigint')
    .addColumn('details', 'text', (c) => c.notNull())
    .addColumn('loa', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('modified_at', 'bigint', (c) => c.notNull())
    .execute()
  const indexes: [
    string,
    readonly ('owner_id' | 'delivery_number' | 'group_number' | 'status')[],
  ][] = [
    ['port_orders_owner', ['owner_id', 'delivery_number']],
    ['port_orders_group', ['group_number']],
    ['port_orders_status', ['status']],
  ]
  for (const [name, columns] of indexes) {
    await db.schema
      .createIndex(name)
      .on('port_orders')
      .columns([...columns])
      .execute()
  }
}
