import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { sql } from 'kysely'
import { type Environment, readSettings } from '../../src/config.ts'
import { createMasterKeys } from '../../src/core/encryption/master-keys.ts'
import type { Database } from '../../src/database/database.ts'
import { thaw } from '../../src/database/freeze.ts'
import { listTables, type TableShape } from '../../src/database/list-tables.ts'
import { insertRows } from '../../src/database/table-rows.ts'
import { defineConfig, worker } from '../../src/define-config.ts'
import { openDatabase, openInstallation } from '../../src/open-installation.ts'
import { move } from '../../src/upkeep/move.ts'
import { childEnvironment } from '../support/child-environment.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { newKey } from '../support/keys.ts'
import { main } from '../support/main.ts'
import { hasRadosgw, startRadosgw } from '../support/radosgw.ts'
import { runMain } from '../support/run-main.ts'
import { silentProgress } from '../support/silent-progress.ts'
import { sized } from '../support/size.ts'
import { basic, publish } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createPostgresDatabase, noPostgres } from '../support/test-database.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'

const masterKeys = createMasterKeys([])
/** More than goes to a bucket in one part. */
const long = 'c;d\n'.repeat(4.5 * 1024 * 1024)

describe('move()', { skip: noPostgres }, () => {
  it('moves every row of every table, and the numbers go on where they were', async (t) => {
    const { from, to } = await openBoth(t)
    const tables = await listTables(from.kysely)
    // More than one page of each.
    const rows = sized(1100, 20_000)
    for (const table of tables) await fill(from, table, rows)
    await sql`delete from pickups where number > 10`.execute(from.kysely)
    const report = await move({ from, to, stores: null, masterKeys }, silentProgress())
    assert.deepEqual(
      report.tables.map((table) => [table.name, table.rows]),
      tables.map(({ name }) => [name, name === 'pickups' ? 10 : rows]),
    )
    const numbered = tables.filter(({ lastNumber }) => lastNumber !== null)
    assert.ok(numbered.length >= 10)
    for (const { name } of numbered) {
      const { rows: next } = await sql<{ number: number }>`
        select nextval(pg_get_serial_sequence(${name}, 'number')) as number`.execute(to.kysely)
      assert.deepEqual(next, [{ number: rows + 1 }], name)
    }
    const again = move({ from, to, stores: null, masterKeys }, silentProgress())
    await assert.rejects(again, /The new database is in use already/)
  })

  it('goes on where it was interrupted, and nobody uses the half of it', async (t) => {
    const { from, to, targetSettings } = await openBoth(t)
    for (const table of await listTables(from.kysely)) await fill(from, table, 50)
    const half = silentProgress((doing, done) => doing === 'copying rows' && (done ?? 0) > 0.5)
    await assert.rejects(move({ from, to, stores: null, masterKeys }, half), /stopped by the test/)
    await assert.rejects(openInstallation(targetSettings), /is not whole/)
    const report = await move({ from, to, stores: null, masterKeys }, silentProgress())
    assert.ok(report.tables.every(({ rows }) => rows === 50))
    await (await openInstallation(targetSettings)).close()
  })

  it('goes on after its process was killed', async (t) => {
    const { from, to, environment, url } = await openBoth(t)
    const tables = await listTables(from.kysely)
    for (const table of tables) await fill(from, table, 200)
    const words = ['migrate', '--to', url]
    const cwd = environment.CLAIMCHECK_DATA
    const env = childEnvironment(environment)
    await to.transaction(async (db) => {
      // It can read the last table, and comes no further than to its rows.
      await sql`lock table ${sql.table(tables.at(-1)?.name ?? '')} in share mode`.execute(db)
      const stdio = ['ignore', 'ignore', 'pipe'] as const
      const child = spawn(process.execPath, [main, ...words], { cwd, env, stdio: [...stdio] })
      child.stderr?.on('data', (text) => {
        if (String(text).includes('copying rows')) child.kill('SIGKILL')
      })
      const [, signal] = await once(child, 'exit')
      assert.equal(signal, 'SIGKILL')
    })
    const again = await runMain([...words, '--json'], { cwd, env })
    assert.equal(again.code, 0, again.err)
    const report = JSON.parse(again.out) as { tables: { rows: number }[] }
    assert.deepEqual(
      report.tables.map(({ rows }) => rows),
      tables.map(() => 200),
    )
  })

  it('is given up, and does not begin again in what it has left behind', async (t) => {
    const { from, to } = await openBoth(t)
    for (const table of await listTables(from.kysely)) await fill(from, table, 50)
    const half = silentProgress((doing, done) => doing === 'copying rows' && (done ?? 0) > 0.5)
    await assert.rejects(move({ from, to, stores: null, masterKeys }, half), /stopped by the test/)
    assert.equal(await thaw(from), true)
    await sql`delete from pickups where number = 50`.execute(from.kysely)
    const again = move({ from, to, stores: null, masterKeys }, silentProgress())
    await assert.rejects(again, /holds a part of another move/)
  })

  it('serves reads, files and all, and refuses changes with 503 meanwhile', async (t) => {
    const folder = await temporaryFolder(t)
    const environment = embedded(folder)
    const config = defineConfig({ downloadTypes: { hello: { producer: worker() } } })
    const server = await startTestServer(t, { folder, environment, config })
    const ada = await createTestAccount(server.core, 'ada', {
      organization: 'HAUC',
      permissions: ['study:HAUC', 'download:*'],
    })
    await publish(server.core, 'HAUC/TOURISM/2026', { 'a.csv': 'a;b\n', 'b.csv': long })
    const url = await createPostgresDatabase()
    const bucket = await startBucket(t)
    const { CLAIMCHECK_STORAGE_URL: storage = '', ...keys } = bucket
    const words = ['migrate', '--to', url, '--objects', '--to-storage', storage]
    const env = { ...environment, ...keys }
    const done = await runMain([...words, '--json'], { cwd: folder, env })
    assert.equal(done.code, 0, done.err)
    const report = JSON.parse(done.out)
    assert.deepEqual(report.files, { files: 2, bytes: 4 + long.length, copied: 2, damaged: [] })

    const headers = basic(ada.username, ada.password)
    assert.ok(isDeepStrictEqual(await readAll(server.url, headers), ['a;b\n', long]))
    const create = (path: string, body: object) =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { ...ada.headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const creates: [string, object][] = [
      ['/api/downloads', { download: { download_type: 'hello' } }],
      ['/v1/deliveries', { type: 'hello' }],
    ]
    for (const [path, body] of creates) {
      const refused = await create(path, body)
      assert.equal(refused.status, 503, `${path} ${await refused.text()}`)
      assert.equal(refused.headers.get('retry-after'), '30', path)
    }
    // What is there can be picked up: the balancer is to leave it in.
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200)

    const moved = { ...environment, ...bucket, CLAIMCHECK_DATABASE_URL: url }
    const successor = await startTestServer(t, { environment: moved })
    assert.ok(isDeepStrictEqual(await readAll(successor.url, headers), ['a;b\n', long]))

    const cancel = await runMain(['migrate', '--cancel'], { cwd: folder, env })
    assert.equal(cancel.code, 0, cancel.err)
    assert.equal((await create('/v1/deliveries', { type: 'hello' })).status, 201)
  })
})

/** A real store where there is one. */
async function startBucket(t: TestContext): Promise<Record<string, string>> {
  return hasRadosgw() ? (await startRadosgw(t)).settings : (await startFakeS3(t)).environment
}

async function readAll(url: string, headers: Record<string, string>): Promise<string[]> {
  const listing = await fetch(`${url}/api_file/v1/HAUC/`, { headers })
  const files = (await listing.json()) as { url: string }[]
  const texts = []
  for (const file of files) texts.push(await (await fetch(file.url, { headers })).text())
  return texts.sort()
}

function embedded(folder: string) {
  return {
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_DATABASE_URL: `sqlite:${join(folder, 'data', 'claimcheck.sqlite')}`,
  } satisfies Environment
}

async function openBoth(t: TestContext) {
  const environment = embedded(await temporaryFolder(t))
  const url = await createPostgresDatabase()
  const targetSettings = readSettings({ ...environment, CLAIMCHECK_DATABASE_URL: url })
  const from = await openDatabase(readSettings(environment))
  const to = await openDatabase(targetSettings)
  t.after(() => Promise.all([from.close(), to.close()]))
  return { from, to, targetSettings, environment, url }
}

/** Rows whose values are all of one number, so that each refers to those of the same number. */
async function fill(database: Database, table: TableShape, count: number): Promise<void> {
  const { rows } = await sql<{ name: string; type: string }>`
    select name, type from pragma_table_info(${table.name})`.execute(database.kysely)
  const sampleOf = (type: string, number: number) => {
    if (type === 'text') return `é${number}`
    return type === 'double precision' ? number / 3 : number
  }
  for (let start = 1; start <= count; start += 100) {
    const numbers = Array.from({ length: Math.min(100, count - start + 1) }, (_, at) => start + at)
    const made = numbers.map((number) =>
      Object.fromEntries(rows.map(({ name, type }) => [name, sampleOf(type, number)])),
    )
    await database.transaction((db) => insertRows(db, table, made))
  }
}
