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
  if (engine === 'postgres') await nameWriters(db)
}

/**
 * Each event names the transaction that wrote it, so that readers can stay below the oldest one that
 * still runs. A transaction has its own number before it takes an event's: otherwise a later one
 * could be seen while this one, with the smaller event, does not count as running yet.
 */
async function nameWriters(db: Kysely<unknown>): Promise<void> {
  await sql`alter table events add column writer xid8 not null default pg_current_xact_id()`.execute(
    db,
  )
  await sql`alter table events alter column number set default nextval(
    case when pg_current_xact_id() is not null then 'events_number_seq'::regclass end)`.execute(db)
}
