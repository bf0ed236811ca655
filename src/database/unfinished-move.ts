import type { Database } from './database.ts'

type Own = { unfinished_move: { move_id: string } }

/** Says that a database is being filled by a move, so that no server uses it before it is whole. */
export async function beginMove(database: Database, moveId: string): Promise<void> {
  await database.alone(async (db) => {
    await db.schema
      .createTable('unfinished_move')
      .addColumn('move_id', 'text', (c) => c.notNull())
      .execute()
    await db.withTables<Own>().insertInto('unfinished_move').values({ move_id: moveId }).execute()
  })
}

/** Takes the mark away: the database is whole. */
export async function endMove(database: Database): Promise<void> {
  await database.alone(async (db) => {
    await db.schema.dropTable('unfinished_move').execute()
  })
}

/** The move that has begun to fill a database and has not ended; null for none. */
export async function findUnfinishedMove({ kysely }: Database): Promise<string | null> {
  const tables = await kysely.introspection.getTables()
  if (!tables.some(({ name }) => name === 'unfinished_move')) return null
  const own = kysely.withTables<Own>()
  const row = await own.selectFrom('unfinished_move').selectAll().executeTakeFirst()
  return row?.move_id ?? null
}

/** @throws Error with a sentence for the operator when a move has not ended */
export async function refuseUnfinishedMove(database: Database): Promise<void> {
  if ((await findUnfinishedMove(database)) === null) return
  throw new Error(
    'The database is being filled by "claimcheck migrate" and is not whole: wait until it is done, or start it again with the same arguments and it goes on.',
  )
}
