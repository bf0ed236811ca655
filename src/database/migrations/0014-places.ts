import { type Kysely, sql } from 'kysely'

/**
 * What an account has at once can be counted by an index each; grants know the manifest that they were
 * made for; and the queues whose jobs wait for others know who has how many.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('grants').addColumn('manifest_id', 'text').execute()
  await db.schema.alterTable('grants').addColumn('place_until', 'bigint').execute()
  await db.schema
    .createIndex('grants_manifest')
    .on('grants')
    .column('manifest_id')
    .where(sql.ref('manifest_id'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('grants_places')
    .on('grants')
    .columns(['account_id', 'place_until'])
    .where(sql.ref('place_until'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('manifests_places')
    .on('manifests')
    .columns(['account_id', 'expires_at'])
    .where(sql.ref('revoked_at'), 'is', null)
    .execute()
  await db.schema
    .createIndex('uploads_places')
    .on('uploads')
    .columns(['account_id', 'expires_at', 'lease_until', 'size'])
    .where(sql.ref('completed_at'), 'is', null)
    .where(sql.ref('message'), 'is', null)
    .execute()
  await db.schema
    .createIndex('jobs_turns')
    .on('jobs')
    .columns(['queue', 'account_id', 'claimable_at'])
    .where(sql.ref('attempt'), '=', sql.lit(0))
    .where(sql.ref('claimable_at'), 'is not', null)
    .where(sql.ref('queue'), '!=', sql.lit('local'))
    .execute()
}
