import { type Kysely, sql } from 'kysely'
import type { Database } from './database.ts'
import { listTables } from './list-tables.ts'
import type { Tables } from './tables.ts'

/** What a trigger of ours says when it refuses a change. */
export const FROZEN = 'claimcheck: this database is being moved'

type Own = { frozen: { move_id: string } }

/**
 * Makes an embedded database refuse every change, to every process that has it open, until `thaw`:
 * what was read once stays true. Triggers do it, so that it costs nothing at other times and no
 * version of the server can overlook it. Reading goes on.
 * @returns the move that it is frozen for: the given one, or the one that had frozen it before
 */
export async function freeze(database: Database, moveId: string): Promise<string> {
  return await database.alone(async (db) => {
    const before = await frozenFor(db)
    if (before !== null) return before
    for (const { name } of await listTables(db)) {
      for (const event of ['insert', 'update', 'delete']) {
        await sql`create trigger ${sql.ref(triggerOf(name, event))} before ${sql.raw(event)}
          on ${sql.table(name)} begin select raise(abort, ${sql.lit(FROZEN)}); end`.execute(db)
      }
    }
    await db.schema
      .createTable('frozen')
      .addColumn('move_id', 'text', (c) => c.notNull())
      .execute()
    await db.withTables<Own>().insertInto('frozen').values({ move_id: moveId }).execute()
    return moveId
  })
}

/** Lets a frozen database take changes again. Returns false when it was not frozen. */
export async function thaw(database: Database): Promise<boolean> {
  return await database.alone(async (db) => {
    if ((await frozenFor(db)) === null) return false
    for (const { name } of await listTables(db)) {
      for (const event of ['insert', 'update', 'delete']) {
        await sql`drop trigger if exists ${sql.ref(triggerOf(name, event))}`.execute(db)
      }
    }
    await db.schema.dropTable('frozen').execute()
    return true
  })
}

/** Does it refuse changes, because it is being moved or was? */
export async function isFrozen({ engine, kysely }: Database): Promise<boolean> {
  return engine === 'sqlite' && (await frozenFor(kysely)) !== null
}

/** The move that an embedded database is frozen for; null when it takes changes. */
export async function frozenFor(db: Kysely<Tables>): Promise<string | null> {
  const { rows } = await sql`select 1 from sqlite_master where name = 'frozen'`.execute(db)
  if (rows.length === 0) return null
  const row = await db.withTables<Own>().selectFrom('frozen').selectAll().executeTakeFirst()
  return row?.move_id ?? null
}

function triggerOf(table: string, event: string): string {
  return `frozen_${table}_${event}`
}
