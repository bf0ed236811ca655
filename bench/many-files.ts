import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Core } from '../src/core/core.ts'
import type { Principal } from '../src/core/principal.ts'
import { insertStoredFile, storeBytes } from '../src/core/stored-files.ts'
import { transact } from '../src/core/transact.ts'
import type { Tables } from '../src/database/tables.ts'

/** An order with many available files. */
export interface ManyFiles {
  /** The order's number. */
  readonly order: number
  /** The number of its only dataset. */
  readonly dataset: number
  /** The delivery's id. */
  readonly id: string
  readonly firstFile: number
  readonly files: number
}

/**
 * Puts an order of so many files right into the tables of a database that nobody uses yet, as the
 * program would leave them: all show the same bytes, all are available.
 */
export async function seedManyFiles(
  core: Core,
  principal: Principal,
  files: number,
): Promise<ManyFiles> {
  const bytes = await storeBytes(core, 'bench', oneByte())
  const stored = await transact(core, (change) => insertStoredFile(change, bytes, 'text/csv'))
  const { kysely, engine } = core.database
  return await kysely.connection().execute(async (db) => {
    // Keys that refer to other tables are right, and would be looked up one by one.
    if (engine === 'postgres') await sql`set session_replication_role = replica`.execute(db)
    const order = await seedOrder(db, principal, files)
    await sql`
      insert into delivery_files (delivery_number, batch, name, media_type, state, stored_file_id,
        size, created_at, updated_at)
      with recursive positions(position) as (
        select 0 union all select position + 1 from positions where position < ${files - 1})
      select cast(${order.order} as bigint), cast(${order.batch} as integer),
        'visitors ' || position || '.csv', 'text/csv', 'available', cast(${stored.id} as text), 1, 0, 0
      from positions`.execute(db)
    const firstFile = await seedOrderFiles(db, { ...order, files, md5: bytes.md5 })
    // A look-up must not be planned by what the tables were before.
    await sql`analyze`.execute(db)
    if (engine === 'postgres') await sql`set session_replication_role = origin`.execute(db)
    return { order: order.order, dataset: order.dataset, id: order.id, firstFile, files }
  })
}

async function seedOrder(db: Kysely<Tables>, principal: Principal, files: number) {
  const at = 0
  const id = randomUUID().replaceAll('-', '')
  const { number: order } = await db
    .insertInto('deliveries')
    .values({
      ...{ id, kind: 'order', state: 'running', progress: 0, type: null, info: null },
      ...{ organization_id: principal.organizationId, owner_id: principal.accountId },
      ...{ message: null, created_at: at, updated_at: at, finished_at: null, expires_at: null },
    })
    .returning('number')
    .executeTakeFirstOrThrow()
  await db
    .insertInto('orders')
    .values({
      ...{ delivery_number: order, owner_id: principal.accountId, label: 'many files' },
      ...{ correlation_id: id, request: '{}', fill_product: 0, fill_file: 0, fill_until: null },
      ...{ files, bytes: files, treated_bytes: files, available: files, delivered: 0, failed: 0 },
      ...{ deleted_at: null, removed_at: null },
    })
    .execute()
  const { number: batch } = await db
    .insertInto('order_batches')
    .values({
      ...{ order_number: order, owner_id: principal.accountId, position: 1, state: 'ready' },
      ...{ first_position: 0, files, bytes: files, pending: 0, available: files },
    })
    .returning('number')
    .executeTakeFirstOrThrow()
  const { number: dataset } = await db
    .insertInto('order_datasets')
    .values({ order_number: order, dataset: 'D', label: 'D', objects: files, files, bytes: files })
    .returning('number')
    .executeTakeFirstOrThrow()
  return { order, id, batch, dataset }
}

/** Returns the number of the first file. */
async function seedOrderFiles(
  db: Kysely<Tables>,
  seed: { order: number; batch: number; dataset: number; files: number; md5: string },
): Promise<number> {
  const { order, batch, dataset, md5 } = seed
  const { first } = await db
    .selectFrom('delivery_files')
    .select((eb) => eb.fn.min('number').as('first'))
    .where('delivery_number', '=', order)
    .executeTakeFirstOrThrow()
  await sql`
    insert into order_files (file_number, order_number, position, batch_number, dataset_number,
      dataset_position, urn, product_id, version, data_type, md5, size)
    select number, delivery_number, number - ${first}, cast(${batch} as bigint),
      cast(${dataset} as bigint), number - ${first},
      'URN:AIP:DATA:BENCH:' || number || ':V1', 'P' || number, 1, 'RAWDATA', cast(${md5} as text), 1
    from delivery_files where delivery_number = ${order}`.execute(db)
  for (const [level, length] of [64, 64 ** 2, 64 ** 3].entries()) {
    await sql`
      insert into order_counts (order_number, level, slot, available)
      select order_number, cast(${level} as integer), slot, count(*) from (
        select order_number, position / cast(${length} as bigint) as slot
        from order_files where order_number = ${order}) as files
      group by order_number, slot`.execute(db)
  }
  return Number(first)
}

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x')
}
