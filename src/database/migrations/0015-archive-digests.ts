import type { Kysely } from 'kysely'

/** What the bytes of an archive were found to be. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('archives').addColumn('sha256', 'text').execute()
}
