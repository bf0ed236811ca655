import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type CompiledQuery, type RawBuilder, sql } from 'kysely'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { createEmptyDatabase, noPostgres, testLimits } from '../support/test-database.ts'
import { until } from '../support/until.ts'

type Notes = { notes: { text: string } }

describe('a session of PostgreSQL', { skip: noPostgres }, () => {
  it('goes on when another node adds a column to a table that it reads', async (t) => {
    const database = await openNotes(t)
    const notes = database.kysely.withTables<Notes>()
    const read = () => notes.selectFrom('notes').selectAll().execute()
    assert.deepEqual(await read(), [{ text: 'first' }])
    await addColumn(notes)
    assert.deepEqual(await read(), [{ text: 'first', size: 5 }])
    assert.deepEqual(await database.read(notes.selectFrom('notes').selectAll().compile()), [
      { text: 'first', size: 5 },
    ])
  })

  it('begins a change anew whose statement has become outdated meanwhile', async (t) => {
    const database = await openNotes(t)
    const notes = database.kysely.withTables<Notes>()
    let begun = 0
    const change = () =>
      database.transaction(async (db) => {
        begun += 1
        const add = db.withTables<Notes>().insertInto('notes').values({ text: 'more' })
        return await add.returningAll().execute()
      })
    assert.deepEqual(await change(), [{ text: 'more' }])
    await addColumn(notes)
    assert.deepEqual(await change(), [{ text: 'more', size: 5 }])
    assert.equal(begun, 3)
    assert.equal((await notes.selectFrom('notes').selectAll().execute()).length, 3)
  })

  it('undoes a change whose first or later statement fails', async (t) => {
    const database = await openNotes(t)
    const notes = database.kysely.withTables<Notes>()
    await assert.rejects(
      database.transaction((db) => sql`insert into notes (text) values (null)`.execute(db)),
    )
    await assert.rejects(
      database.transaction(async (db) => {
        await db.withTables<Notes>().insertInto('notes').values({ text: 'gone' }).execute()
        await sql`select 1 / ${0}::integer`.execute(db)
      }),
    )
    await assert.rejects(
      database.transaction(async (db) => {
        await db.withTables<Notes>().insertInto('notes').values({ text: 'gone' }).execute()
        throw new Error('after all')
      }),
    )
    await database.transaction(async () => {})
    assert.deepEqual(await notes.selectFrom('notes').selectAll().execute(), [{ text: 'first' }])
  })

  it('calls no change done that PostgreSQL has undone', async (t) => {
    const database = await openNotes(t)
    const passingOver = database.transaction(async (db) => {
      await sql`insert into notes (text) values ('gone')`.execute(db)
      await sql`select 1 / ${0}::integer`.execute(db).catch(() => {})
      return 'done'
    })
    await assert.rejects(passingOver, /has undone the change/)
    const { rows } = await sql`select text from notes`.execute(database.kysely)
    assert.deepEqual(rows, [{ text: 'first' }])
  })

  it('takes the look-ups of one turn over one connection, and each has its own answer or error', async (t) => {
    const database = await openNotes(t)
    const ask = (divisor: number) =>
      database.read<{ answer: number; backend: number }>(
        sql`select 100 / ${divisor}::integer as answer, pg_backend_pid() as backend`.compile(
          database.kysely,
        ) as CompiledQuery<{ answer: number; backend: number }>,
      )
    const divisors = [1, 2, 0, 4, 5, 0, 10, 20, 25, 50, 100]
    const settled = await Promise.allSettled(divisors.map(ask))
    const answers = settled.map((one) => (one.status === 'fulfilled' ? one.value[0]?.answer : null))
    assert.deepEqual(
      answers,
      divisors.map((divisor) => (divisor === 0 ? null : 100 / divisor)),
    )
    const backends = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    assert.equal(new Set(backends.map(({ backend }) => backend)).size, 1)
  })

  it('answers look-ups again when the connection that they shared was cut', async (t) => {
    const database = await openNotes(t)
    const read = (text: RawBuilder<unknown>) =>
      database.read(text.compile(database.kysely) as CompiledQuery<unknown>)
    const cut = read(sql`select pg_terminate_backend(pg_backend_pid())`)
    const behind = read(sql`select 1 as one`)
    const [first, second] = await Promise.allSettled([cut, behind])
    assert.deepEqual([first.status, second.status], ['rejected', 'rejected'])
    assert.deepEqual(await read(sql`select 1 as one`), [{ one: 1 }])
  })

  it('lets a look-up that takes long hold up none that come later', {
    timeout: 60_000,
  }, async (t) => {
    const database = await openPostgres(await createEmptyDatabase(), testLimits)
    t.after(() => database.close())
    const read = (text: RawBuilder<unknown>) =>
      database.read(text.compile(database.kysely) as CompiledQuery<unknown>)
    const waits = sql`select 1 from pg_stat_activity where wait_event = 'advisory'
      and clock_timestamp() - query_start > interval '50 milliseconds'`
    let long: unknown
    await database.transaction(async (db) => {
      await sql`select pg_advisory_xact_lock(62)`.execute(db)
      long = read(sql`select pg_advisory_lock(62)`)
      await until('it waits', async () => (await waits.execute(database.kysely)).rows.length > 0)
      assert.deepEqual(await read(sql`select 1 as one`), [{ one: 1 }])
    })
    await long
  })

  it('runs its first statement at the level that was asked for', async (t) => {
    const database = await openNotes(t)
    const level = (isolation?: 'latest') =>
      database.transaction(
        async (db) =>
          (
            await sql<{ level: string }>`
            select current_setting('transaction_isolation') as level`.execute(db)
          ).rows[0]?.level,
        isolation,
      )
    assert.deepEqual([await level(), await level('latest')], ['serializable', 'read committed'])
  })
})

/** One connection, so that it is the same one that a statement was prepared on. */
async function openNotes(t: TestContext) {
  const database = await openPostgres(await createEmptyDatabase(), {
    ...testLimits,
    connections: 1,
  })
  t.after(() => database.close())
  await sql`create table notes (text text not null)`.execute(database.kysely)
  await sql`insert into notes (text) values ('first')`.execute(database.kysely)
  return database
}

async function addColumn(db: Parameters<ReturnType<typeof sql>['execute']>[0]): Promise<void> {
  await sql`alter table notes add column size integer not null default 5`.execute(db)
}
