import { type Kysely, sql } from 'kysely'
import type { Engine } from '../database.ts'

/** Versions before this one refuse every step that they do not know. */
export const oldest = 10

/** What lets nodes of two versions share a database, and many nodes share the feed of events. */
export async function up(db: Kysely<unknown>, engine: Engine): Promise<void> {
  await db.schema
    .createTable('schema_version')
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('oldest', 'integer', (c) => c.notNull())
    .execute()
  if (engine === 'sqlite') return
  // A transaction has its own number before it takes an event's: by that, readers of the feed know
  // which numbers may still come.
  await sql`alter table events alter column number set default nextval(
    case when pg_current_xact_id() is not null then 'events_number_seq'::regclass end)`.execute(db)
}
