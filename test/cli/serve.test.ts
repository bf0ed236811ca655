import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { main } from '../support/main.ts'
import { runMain } from '../support/run-main.ts'
import { startServe } from '../support/running-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const command = [process.execPath, main]

async function initialised(t: TestContext) {
  const cwd = await temporaryFolder(t)
  const { code, out, err } = await runMain(['init', '--json'], { cwd })
  assert.equal(code, 0, err)
  return { cwd, made: JSON.parse(out) }
}

describe('claimcheck serve', () => {
  it('lets in the administrator that init made, and the keys made since', async (t) => {
    const { cwd, made } = await initialised(t)
    const { url } = await startServe(t, { cwd, command })
    assert.equal((await fetch(`${url}/healthz`)).status, 200)
    // The command line works beside the running server.
    const key = JSON.parse((await runMain(['key', 'create', 'admin', '--json'], { cwd })).out)
    const basic = `Basic ${Buffer.from(`${key.access_key}:${key.secret_key}`).toString('base64')}`
    for (const authorization of [basic, `Bearer ${made.token}`]) {
      const created = await fetch(`${url}/api/downloads`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ download: { download_type: 'greeting' } }),
      })
      assert.equal(created.status, 201, await created.text())
    }
    const refused = await fetch(`${url}/api/downloads`, { method: 'POST' })
    assert.equal(refused.status, 401)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stops at ${signal} with exit code 0`, async (t) => {
      const { cwd } = await initialised(t)
      const { url, child, ended, errors } = await startServe(t, { cwd, command })
      await (await fetch(`${url}/healthz`)).text()
      child.kill(signal)
      assert.equal(await ended, 0, errors())
    })
  }

  it('waits for a request under way, and ends at once at a second signal', async (t) => {
    const { cwd } = await initialised(t)
    const { url, child, ended } = await startServe(t, { cwd, command })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    // A body that never comes to its end.
    const started = 'POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n'
    await new Promise((sent) =>
      socket.write(`${started}Content-Type: application/x-www-form-urlencoded\r\n\r\na`, sent),
    )
    await (await fetch(`${url}/healthz`, { headers: { connection: 'close' } })).text()
    child.kill('SIGTERM')
    await until('it takes no more connections', async () => {
      return await fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      )
    })
    assert.equal(child.exitCode, null)
    child.kill('SIGTERM')
    assert.equal(await ended, 1)
  })

  it('finds what the config file asks of the environment in the settings file', async (t) => {
    const { cwd } = await initialised(t)
    const moved = await readFile(join(cwd, 'claimcheck.env'), 'utf8')
    await rm(join(cwd, 'claimcheck.env'))
    await writeFile(join(cwd, 'other.env'), `${moved}PLACES_URL=sqlite:places.sqlite\n`)
    const places = new DatabaseSync(join(cwd, 'places.sqlite'))
    places.exec("create table places (name text); insert into places values ('Ajaccio')")
    places.close()
    await writeFile(
      join(cwd, 'claimcheck.config.ts'),
      `import { defineConfig, query } from 'claimcheck/config'
      export default defineConfig({ downloadTypes: { places: { producer: query({
        source: { env: 'PLACES_URL' }, sql: 'select name from places',
        file: { name: 'places.csv', format: 'csv' } }) } } })`,
    )
    const args = ['--settings', 'other.env']
    const token = JSON.parse(
      (await runMain(['token', 'create', 'admin', '--json', ...args], { cwd })).out,
    ).token
    const { url } = await startServe(t, { cwd, command, args })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ download: { download_type: 'places' } })
    const created = await fetch(`${url}/api/downloads`, { method: 'POST', headers, body })
    const { download } = (await created.json()) as { download: { id: string } }
    await until('the download is done', async () => {
      const state = await (await fetch(`${url}/api/downloads/${download.id}`, { headers })).text()
      assert.doesNotMatch(state, /"failed"/)
      return state.includes('"done"')
    })
  })

  it('says in one sentence that the port is in use', async (t) => {
    const { cwd } = await initialised(t)
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    assert.ok(address !== null && typeof address === 'object')
    const { code, err } = await runMain(['serve', '--port', String(address.port)], { cwd })
    assert.equal(code, 1)
    assert.match(err, new RegExp(`^Port ${address.port} on 127\\.0\\.0\\.1 is in use .+\\n$`))
  })

  it('says in one sentence that it is not initialised', async (t) => {
    const cwd = await temporaryFolder(t)
    const { code, err } = await runMain(['serve'], { cwd })
    assert.equal(code, 1)
    assert.match(err, /^Claimcheck is not initialised here: run "claimcheck init" .+\n$/)
  })

  const wrong: [string, string[], Record<string, string>, RegExp][] = [
    ['an unknown setting', [], { CLAIMCHECK_PROT: '1' }, /did you mean CLAIMCHECK_PORT\?/],
    [
      'a malformed setting',
      [],
      { CLAIMCHECK_PORT: 'http' },
      /^CLAIMCHECK_PORT "http" is not valid/,
    ],
    ['a malformed option', ['--port', 'http'], {}, /^--port "http" is not valid/],
    ['a folder that is a file', ['--data', 'file'], {}, /file/],
    ['a config that is not there', ['--config', 'none.ts'], {}, /none\.ts: there is no such file/],
    ['a malformed config', ['--config', 'broken.ts'], {}, /^broken\.ts: /],
    [
      'a PostgreSQL that is not there',
      [],
      { CLAIMCHECK_DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/d' },
      /^PostgreSQL at 127\.0\.0\.1:1 does not answer/,
    ],
    [
      'a bucket without credentials',
      [],
      { CLAIMCHECK_STORAGE_URL: 's3://bucket' },
      /CLAIMCHECK_S3_/,
    ],
  ]
  for (const [title, words, env, expected] of wrong) {
    it(`refuses ${title} in one sentence`, async (t) => {
      const { cwd } = await initialised(t)
      await writeFile(join(cwd, 'file'), '')
      await writeFile(join(cwd, 'broken.ts'), 'export default { downloadTypes: ')
      const { code, out, err } = await runMain(['serve', ...words], { cwd, env })
      assert.equal(code, 1)
      assert.equal(out, '')
      assert.match(err, expected)
      assert.equal(err.trimEnd().split('\n').length, 1, err)
      assert.doesNotMatch(err, /hunter2|Unexpected/)
    })
  }
})
