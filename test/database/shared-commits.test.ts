import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import type { Work } from '../../src/database/database.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A database with a table `notes`, and another connection that sees what is committed. */
async function setUp(t: TestContext) {
  const path = join(await temporaryFolder(t), 'notes.sqlite')
  const database = openSqlite(path)
  await sql`create table notes (text text primary key)`.execute(database.kysely)
  const other = new BetterSqlite3(path, { readonly: true })
  t.after(() => other.close())
  t.after(() => database.close())
  const notes = () => other.prepare('select text from notes order by rowid').pluck().all()
  return { database, notes }
}

function note(text: string): Work<string> {
  return async (db) => {
    await sql`insert into notes (text) values (${text})`.execute(db)
    return text
  }
}

const texts = Array.from({ length: 40 }, (_, at) => `note ${at}`)

describe('changes of SQLite that come at the same time', () => {
  it('are all on disk when they are answered, in the order in which they came', async (t) => {
    const { database, notes } = await setUp(t)
    const answers = texts.map(async (text) => {
      assert.equal(await database.transaction(note(text)), text)
      assert.ok(notes().includes(text))
    })
    await Promise.all(answers)
    assert.deepEqual(notes(), texts)
  })

  it('share commits', async (t) => {
    const { database, notes } = await setUp(t)
    const seen = new Set<number>()
    await Promise.all(
      texts.map(async (text) => {
        await database.transaction(note(text))
        seen.add(notes().length)
      }),
    )
    // One that is answered sees those that were committed with it.
    assert.ok(seen.size < texts.length, `${seen.size} commits`)
  })

  it('fail alone: what one has written is undone, the others stay', async (t) => {
    const { database, notes } = await setUp(t)
    const failing: Work<string> = async (db) => {
      await note('half')(db)
      throw new Error('It failed.')
    }
    const settled = await Promise.allSettled([
      database.transaction(note('before')),
      database.transaction(failing),
      database.transaction(note('before')),
      database.transaction(note('after')),
    ])
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(notes(), ['before', 'after'])
  })

  it('are done all the same when one of them undoes the transaction of all', async (t) => {
    const { database, notes } = await setUp(t)
    const undoing: Work<string> = async (db) => {
      await note('lost')(db)
      // As SQLite does by itself when the disk is full.
      await sql`rollback`.execute(db)
      return await note('lost')(db)
    }
    const settled = await Promise.allSettled([
      database.transaction(note('before')),
      database.transaction(undoing),
      database.transaction(note('after')),
    ])
    assert.equal(settled[0]?.status, 'fulfilled')
    assert.equal(settled[2]?.status, 'fulfilled')
    assert.deepEqual(
      notes().filter((text) => text !== 'lost'),
      ['before', 'after'],
    )
  })

  it('say that there is no room when there is none, alone or together', async (t) => {
    const { database, notes } = await setUp(t)
    await sql`pragma max_page_count = 20`.execute(database.kysely)
    const isFull = { code: 'SQLITE_FULL' }
    const large = (text: string) => database.transaction(note(text.padEnd(200_000)))
    await assert.rejects(large('alone'), isFull)
    const [small, ...others] = await Promise.allSettled([
      database.transaction(note('small')),
      ...['one', 'two'].map(large),
    ])
    assert.equal(small?.status, 'fulfilled')
    for (const other of others) {
      await assert.rejects(async () => {
        if (other.status === 'rejected') throw other.reason
      }, isFull)
    }
    assert.deepEqual(notes(), ['small'])
  })

  it('are finished before the database is closed', async (t) => {
    const { database, notes } = await setUp(t)
    const answers = texts.map((text) => database.transaction(note(text)))
    await database.close()
    await Promise.all(answers)
    assert.deepEqual(notes(), texts)
  })

  it('are refused one by one, and not tried for ever, when none can begin', {
    timeout: 20_000,
  }, async (t) => {
    const { database } = await setUp(t)
    await database.close()
    const settled = await Promise.allSettled(
      texts.slice(0, 3).map((text) => database.transaction(note(text))),
    )
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
  })
})
