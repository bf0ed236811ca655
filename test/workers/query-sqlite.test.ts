import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import { DeliveryError } from '../../src/core/errors.ts'
import { type QueryOptions, query } from '../../src/define-config.ts'
import { makeProducer } from '../support/config-file.ts'
import { childrenOf, isRunning } from '../support/processes.ts'
import { createContext } from '../support/producer-context.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** A statement that is still in its first step after minutes. */
const endless =
  'with recursive n(x) as (select 1 union all select x + 1 from n where x < 1e15) select count(*) from n'

const csv = { name: 'rows.csv', format: 'csv' } as const

async function withDatabase(t: TestContext, setUp: (database: BetterSqlite3.Database) => void) {
  const folder = await temporaryFolder(t)
  const database = new BetterSqlite3(join(folder, 'source.sqlite'))
  database.pragma('journal_mode = WAL')
  setUp(database)
  database.close()
  const producer = (options: Omit<QueryOptions, 'source'>) =>
    makeProducer(query({ source: 'sqlite:source.sqlite', ...options }), { folder })
  return { folder, producer }
}

function communes(database: BetterSqlite3.Database): void {
  database.exec(`
    create table communes (code text, name text, departement text, population integer, area real,
      founded date, coastal boolean, seal blob);
    insert into communes values
      ('01001', 'L''Abergement-Clémenciat', '01', 860, 15.95, '1790-03-04', 0, null),
      ('06088', 'Nice', '06', 348085, 71.92, '1860-06-14', 1, x'00ff'),
      ('75056', 'Paris; "Lutèce"', '75', 9007199254740993, null, 'long ago', null, null);
  `)
}

describe('a query of SQLite', () => {
  it('streams its rows to CSV, with the types they were declared with', async (t) => {
    const { producer } = await withDatabase(t, communes)
    const produce = await producer({ sql: 'select * from communes order by code', file: csv })
    const collected = createContext()
    await produce(collected.context)
    assert.equal(
      collected.text(),
      'code,name,departement,population,area,founded,coastal,seal\r\n' +
        "01001,L'Abergement-Clémenciat,01,860,15.95,1790-03-04,false,\r\n" +
        '06088,Nice,06,348085,71.92,1860-06-14,true,AP8=\r\n' +
        '75056,"Paris; ""Lutèce""",75,9007199254740993,,long ago,,\r\n',
    )
    assert.equal(collected.files[0]?.mediaType, 'text/csv; charset=utf-8')
  })

  it('binds parameters from info and names the file from it', async (t) => {
    const { producer } = await withDatabase(t, communes)
    const produce = await producer({
      sql: `select name from communes -- not :this, nor ':that'
        where departement = :departement and (:least is null or population >= :least);`,
      optional: ['least'],
      file: {
        name: (info) => `${(info as { departement: string }).departement}.ndjson`,
        format: 'ndjson',
      },
    })
    const collected = createContext({ info: { departement: '06' } })
    await produce(collected.context)
    assert.equal(collected.text(), '{"name":"Nice"}\n')
    assert.equal(collected.files[0]?.name, '06.ndjson')
    const hostile = createContext({ info: { departement: "06' or 1=1 --" } })
    await produce(hostile.context)
    assert.equal(hostile.text(), '')
  })

  it('binds what values() makes, and nothing that is no value', async (t) => {
    const { producer } = await withDatabase(t, communes)
    const options = {
      sql: 'select name from communes where code in (select value from json_each(:codes))',
      file: csv,
    }
    const made = await producer({
      ...options,
      values: (info) => ({ codes: JSON.stringify((info as { codes: string[] }).codes) }),
    })
    const collected = createContext({ info: { codes: ['06088', "x'); drop table communes; --"] } })
    await made(collected.context)
    assert.equal(collected.text(), 'name\r\nNice\r\n')
    const plain = await producer(options)
    await assert.rejects(
      plain(createContext({ info: { codes: ['06088'] } }).context),
      /"codes" is a list; the query takes/,
    )
  })

  it('refuses a request that lacks a value it needs, before a file is opened', async (t) => {
    const { producer } = await withDatabase(t, communes)
    const produce = await producer({ sql: 'select 1 where :code = 1', file: csv })
    for (const info of [null, {}, [], 'code', { Code: 1 }]) {
      const collected = createContext({ info })
      await assert.rejects(produce(collected.context), (error) => {
        return error instanceof DeliveryError && /lacks "code"/.test(error.message)
      })
      assert.equal(collected.files.length, 0)
    }
  })

  it('holds only the header when there are no rows', async (t) => {
    const { producer } = await withDatabase(t, communes)
    const produce = await producer({ sql: 'select code, name from communes where 0', file: csv })
    const collected = createContext()
    await produce(collected.context)
    assert.equal(collected.text(), 'code,name\r\n')
  })

  it('tells how far it is, when it can count', async (t) => {
    const { producer } = await withDatabase(t, communes)
    const produce = await producer({
      sql: 'select * from communes where code > :from',
      count: 'select count(*) from communes where code > :from',
      file: csv,
    })
    const collected = createContext({ info: { from: '02' } })
    await produce(collected.context)
    assert.deepEqual(collected.progress.at(-1), { fraction: 1, message: '2 of 2 rows' })
  })

  it('never writes to the source', async (t) => {
    const { producer } = await withDatabase(t, communes)
    for (const sql of [
      'delete from communes returning code',
      "insert into communes (code) values ('1') returning code",
      'drop table communes',
    ]) {
      const produce = await producer({ sql, file: csv })
      const collected = createContext()
      await assert.rejects(produce(collected.context), /The query failed: .*(readonly|no rows)/)
      assert.equal(collected.files[0]?.finished, false)
    }
    const left = await producer({ sql: 'select count(*) as n from communes', file: csv })
    const collected = createContext()
    await left(collected.context)
    assert.equal(collected.text(), 'n\r\n3\r\n')
  })

  it('fails with a sentence when the database or the SQL is not right', async (t) => {
    const { folder, producer } = await withDatabase(t, communes)
    const wrong = await producer({ sql: 'select code from nowhere', file: csv })
    await assert.rejects(
      wrong(createContext().context),
      /The query failed: no such table: nowhere\./,
    )
    const absent = await makeProducer(
      query({ source: 'sqlite:absent.sqlite', sql: 'select 1', file: csv }),
      { folder },
    )
    await assert.rejects(
      absent(createContext().context),
      /The query failed: the database .*absent\.sqlite cannot be opened: .+/,
    )
  })

  it('holds the rows back when the file is slow, in constant memory', async (t) => {
    const { producer } = await withDatabase(t, () => {})
    const count = sized(300_000, 10_000_000)
    const produce = await producer({
      sql: `with recursive n(x) as (select 1 union all select x + 1 from n where x < ${count})
        select x, 'row number ' || x as text from n`,
      file: csv,
    })
    let bytes = 0
    let most = 0
    const collected = createContext({
      write: async (chunk) => {
        bytes += chunk.length
        most = Math.max(most, process.memoryUsage().rss)
        await new Promise(setImmediate)
      },
    })
    const before = process.memoryUsage().rss
    await produce(collected.context)
    const expected = 'x,text\r\n'.length + lengthOfRows(count)
    assert.equal(bytes, expected)
    assert.ok(most - before < 64 * 2 ** 20, `grew by ${most - before} bytes`)
  })

  it('stops at once on cancel, even within one step of SQLite', async (t) => {
    const { producer } = await withDatabase(t, () => {})
    const produce = await producer({ sql: endless, file: csv })
    const controller = new AbortController()
    const collected = createContext({ signal: controller.signal })
    const produced = produce(collected.context)
    const canceled = new Error('The download was canceled.')
    setTimeout(() => controller.abort(canceled), 300)
    await assert.rejects(produced, canceled)
    assert.equal(collected.files[0]?.finished, false)
    assert.equal(collected.files[0]?.failure, canceled)
  })

  it('ends when the server is killed, even within one step of SQLite', async (t) => {
    if (process.platform !== 'linux') return t.skip('it finds the process in /proc')
    const { folder } = await withDatabase(t, () => {})
    const config = query({ source: 'sqlite:source.sqlite', sql: endless, file: csv })
    const script = new URL('../support/run-producer.ts', import.meta.url)
    const server = fork(script, [folder, JSON.stringify(config)], { stdio: 'ignore' })
    const ended = once(server, 'exit')
    let children: number[] = []
    await until('the query runs', async () => {
      children = await childrenOf(server.pid ?? 0)
      return children.length > 0
    })
    server.kill('SIGKILL')
    await ended
    await until(
      'it is gone',
      async () => !(await Promise.all(children.map(isRunning))).includes(true),
    )
  })

  it('ends at its time limit', async (t) => {
    const { producer } = await withDatabase(t, () => {})
    const produce = await producer({ sql: endless, file: csv, timeout: 0.3 })
    await assert.rejects(produce(createContext().context), /time limit of 0.3 seconds/)
  })

  it('fails when the file cannot be written, and takes its process with it', async (t) => {
    const { producer } = await withDatabase(t, () => {})
    const produce = await producer({
      sql: 'with recursive n(x) as (select 1 union all select x + 1 from n) select x from n',
      file: csv,
    })
    const full = new Error('The disk is full.')
    const collected = createContext({
      write: () => {
        throw full
      },
    })
    await assert.rejects(produce(collected.context), full)
  })
})

/** The bytes of `x,row number x` for x from 1 to count, with CRLF. */
function lengthOfRows(count: number): number {
  let digits = 0
  for (let least = 1; least <= count; least *= 10) digits += count - least + 1
  return 2 * digits + count * ',row number \r\n'.length
}
