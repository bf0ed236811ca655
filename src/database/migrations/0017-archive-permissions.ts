import type { Kysely } from 'kysely'

/** What whoever opened an archive must still hold when it is taken. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('archives').addColumn('permissions', 'text').execute()
}
