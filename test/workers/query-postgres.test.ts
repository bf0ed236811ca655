import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { type QueryOptions, query } from '../../src/define-config.ts'
import { makeProducer } from '../support/config-file.ts'
import { startPostgres } from '../support/postgres.ts'
import { createContext } from '../support/producer-context.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const csv = { name: 'rows.csv', format: 'csv' } as const
const ndjson = { name: 'rows.ndjson', format: 'ndjson' } as const

/** How many backends work on a statement that sleeps. */
async function sleepers(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where wait_event = 'PgSleep'",
  )
  return rows[0]?.n ?? 0
}

describe('a query of PostgreSQL', () => {
  it('keeps its promises on a real server', async (t) => {
    const server = await startPostgres(t)
    if (server === null) return
    const { url } = server
    const client = new pg.Client(url)
    // The server is stopped first.
    client.on('error', () => {})
    await client.connect()
    t.after(() => client.end())
    const producer = (options: Omit<QueryOptions, 'source'>) =>
      makeProducer(query({ source: { env: 'SOURCE' }, ...options }), {
        folder: '/',
        environment: { SOURCE: url },
      })
    await client.query(`create table communes (code text, name text, population bigint);
      insert into communes values ('01001', 'L''Abergement-Clémenciat', 860), ('06088', 'Nice', 348085)`)

    await t.test('gives every type its own form', async () => {
      const produce = await producer({
        sql: `select 1::int2 as a, 9007199254740993::int8 as b, 0.10::numeric(10, 2) as c, 1.5::float8 as d,
          true as e, null::text as f, '2026-11-21'::date as g, '2026-11-21 22:31:00.5'::timestamp as h,
          '2026-11-21 22:31:00+02'::timestamptz as i, '{"z": [1]}'::jsonb as j, '\\x00ff'::bytea as k,
          array[1, 2] as l, 'infinity'::date as m, 'NaN'::numeric as n, e'a"\\n' as o, interval '1 day 2 hours' as p`,
        file: ndjson,
      })
      const collected = createContext()
      await produce(collected.context)
      assert.equal(
        collected.text(),
        '{"a":1,"b":9007199254740993,"c":0.10,"d":1.5,"e":true,"f":null,"g":"2026-11-21","h":"2026-11-21T22:31:00.5",' +
          '"i":"2026-11-21T20:31:00Z","j":{"z": [1]},"k":"AP8=","l":"{1,2}","m":"infinity","n":null,"o":"a\\"\\n","p":"P1DT2H"}\n',
      )
    })

    await t.test('binds parameters, lists and optional ones too', async () => {
      const produce = await producer({
        sql: `select name from communes where code = any(:codes) and (:least::int is null or population > :least)
          and name <> ':codes' -- :nothing
          order by name;`,
        count: 'select count(*) from communes where code = any(:codes)',
        optional: ['least'],
        values: (info) => info as Record<string, unknown>,
        file: csv,
      })
      const both = createContext({ info: { codes: ['01001', '06088', "'; drop table communes"] } })
      await produce(both.context)
      assert.equal(both.text(), "name\r\nL'Abergement-Clémenciat\r\nNice\r\n")
      assert.deepEqual(both.progress.at(-1), { fraction: 1, message: '2 of 2 rows' })
      const one = createContext({ info: { codes: ['01001', '06088'], least: 1000 } })
      await produce(one.context)
      assert.equal(one.text(), 'name\r\nNice\r\n')
    })

    await t.test('never writes, and holds the header when there are no rows', async () => {
      for (const sql of [
        'delete from communes returning code',
        "select nextval('pg_toast.x')",
        'drop table communes',
      ]) {
        const produce = await producer({ sql, file: csv })
        await assert.rejects(produce(createContext().context), /^Error: The query failed: .+\.$/)
      }
      const produce = await producer({ sql: 'select * from communes where false', file: csv })
      const collected = createContext()
      await produce(collected.context)
      assert.equal(collected.text(), 'code,name,population\r\n')
      const all = await client.query('select * from communes')
      assert.equal(all.rowCount, 2)
    })

    await t.test('refuses to write by a function, too', async () => {
      await client.query('create sequence numbers')
      const produce = await producer({ sql: "select nextval('numbers')", file: csv })
      await assert.rejects(produce(createContext().context), /read-only transaction/)
    })

    await t.test('fetches batch by batch, whether rows are short or long', async () => {
      const count = sized(100_000, 5_000_000)
      const short = await producer({
        sql: `select n from generate_series(1, ${count}) n`,
        file: csv,
      })
      let bytes = 0
      const measure = createContext({
        write: (chunk) => {
          bytes += chunk.length
        },
      })
      await short(measure.context)
      let expected = 'n\r\n'.length + count * 2
      for (let least = 1; least <= count; least *= 10) expected += count - least + 1
      assert.equal(bytes, expected)
      const long = await producer({
        sql: `select n, repeat('x', 1000000) as text from generate_series(1, ${sized(20, 2000)}) n`,
        file: csv,
      })
      bytes = 0
      await long(measure.context)
      assert.ok(bytes > sized(20, 2000) * 1_000_000)
    })

    await t.test('stops the server, too, on cancel', async () => {
      const produce = await producer({ sql: 'select pg_sleep(1000)::text', file: csv })
      const controller = new AbortController()
      const collected = createContext({ signal: controller.signal })
      const produced = produce(collected.context)
      produced.catch(() => {})
      await until('it sleeps', async () => (await sleepers(client)) === 1)
      controller.abort(new Error('The download was canceled.'))
      await assert.rejects(produced, /The download was canceled/)
      await until('it is canceled', async () => (await sleepers(client)) === 0)
    })

    await t.test('stops the server, too, when ours is killed', async (t: TestContext) => {
      const folder = await temporaryFolder(t)
      const config = query({ source: url, sql: 'select pg_sleep(1000)::text', file: csv })
      const script = new URL('../support/run-producer.ts', import.meta.url)
      const ours = fork(script, [folder, JSON.stringify(config)], { stdio: 'ignore' })
      const ended = once(ours, 'exit')
      await until('it sleeps', async () => (await sleepers(client)) === 1)
      ours.kill('SIGKILL')
      await ended
      await until('it is canceled', async () => (await sleepers(client)) === 0)
    })

    await t.test('is ended at its time limit', async () => {
      const produce = await producer({
        sql: 'select pg_sleep(1000)::text',
        file: csv,
        timeout: 0.5,
      })
      await assert.rejects(produce(createContext().context), /statement timeout|time limit/)
      await until('it is canceled', async () => (await sleepers(client)) === 0)
    })

    await t.test('says what is wrong with the SQL or the connection', async () => {
      const wrong = await producer({ sql: 'select * from nowhere', file: csv })
      await assert.rejects(
        wrong(createContext().context),
        /The query failed: relation "nowhere" does not exist\.$/,
      )
      const source = url.replace('postgres-of-the-tests', 'wrong')
      const refused = await makeProducer(query({ source, sql: 'select 1', file: csv }), {
        folder: '/',
      })
      await assert.rejects(refused(createContext().context), /password authentication failed/)
    })
  })
})
