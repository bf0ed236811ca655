import { type Kysely, sql } from 'kysely'

/** Who has jobs in a queue, and which of them come first, is found by an index: accounts take turns in all queues. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('jobs_accounts')
    .on('jobs')
    .columns(['queue', 'account_id', 'claimable_at', 'number'])
    .where(sql.ref('claimable_at'), 'is not', null)
    .execute()
  // Nodes of the version before find their turns by the new one as well.
  await db.schema.dropIndex('jobs_turns').execute()
}
