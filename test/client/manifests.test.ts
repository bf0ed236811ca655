import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createClient } from '../../src/client/create-client.ts'
import { createTestClient, get } from '../support/get.ts'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { by, startWorld } from '../support/v1-world.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('getFiles() of a manifest', () => {
  it('takes each form that our server hands out, without a sign-in', async (t) => {
    const { server, ada, helloOf, json } = await startWorld(t)
    const { id } = await helloOf(ada)
    const { urls } = await json<{ urls: Record<string, string> }>('POST', '/v1/manifests', {
      ...by(ada, { body: { delivery: id } }),
      status: 201,
    })
    const client = createClient({ url: server.url })
    for (const form of ['json', 'metalink', 'aria2', 'wget', 'curl']) {
      const folder = await temporaryFolder(t)
      const { report } = await get(client, urls[form] ?? '', { folder })
      assert.deepEqual([report.fetched, report.failed], [1, []], form)
      assert.equal(await readFile(join(folder, 'hello.txt'), 'utf8'), 'Hello\n')
      const record = await readFile(join(folder, '.claimcheck.json'), 'utf8')
      const secret = /manifests\/([^/]+)/.exec(urls[form] ?? '')?.[1] ?? ''
      assert.ok(
        secret.length > 10 && !record.includes(secret),
        `${form} is recorded with its secret`,
      )
    }
  })

  it('gets again what a list of an earlier run names, whatever API it came from', async (t) => {
    const { server, ada, helloOf } = await startWorld(t)
    const { id } = await helloOf(ada)
    const cwd = await temporaryFolder(t)
    const env = { CLAIMCHECK_TOKEN: ada.token, CLAIMCHECK_URL: server.url, XDG_CONFIG_HOME: cwd }
    const run = (...words: string[]) => runMain(['get', ...words], { cwd, env })
    for (const [index, path] of [`/v1/deliveries/${id}`, `/api/downloads/${id}`].entries()) {
      const [list, again] = [`${index}.json`, `again-${index}.json`]
      await run(path, '--to', `${index}`, '--manifest', list)
      const { code, err } = await run(list, '--to', `${index}-again`, '--manifest', again)
      assert.equal(code, 0, err)
      assert.equal(await readFile(join(cwd, `${index}-again`, 'hello.txt'), 'utf8'), 'Hello\n')
      assert.equal(
        await readFile(join(cwd, again), 'utf8'),
        await readFile(join(cwd, list), 'utf8'),
      )
    }
    const inNew = await run(`/v1/deliveries/${id}`, '--to', 'new/in', '--manifest', 'new/in/l.json')
    assert.equal(inNew.code, 0, inNew.err)
    assert.equal(
      await readFile(join(cwd, 'new/in/l.json'), 'utf8'),
      await readFile(join(cwd, '0.json'), 'utf8'),
    )
    assert.equal((await run(`/v1/deliveries/${id}`, '--manifest', 'no/such.json')).code, 1)
    const dry = await run(`/v1/deliveries/${id}`, '--manifest', '0.json', '--dry-run')
    assert.equal(dry.code, 2)
  })

  it('asks the API behind an address at its own server alone', async (t) => {
    const [ours, other] = [await startHostileServer(t), await startHostileServer(t)]
    const bytes = someBytes(100)
    other.files.set('/v1/files/7', { bytes, etag: null })
    const text = JSON.stringify({ files: [{ name: 'a', url: `${other.url}/v1/files/7` }] })
    const folder = await temporaryFolder(t)
    const { report } = await get(createTestClient(ours.url), ours.url, { folder, text })
    assert.deepEqual([report.fetched, report.failed], [1, []])
    assert.ok((await readFile(join(folder, 'a'))).equals(bytes))
  })

  it('reads it anew when the connection breaks, for half of a list is one, too', async (t) => {
    const server = await startHostileServer(t)
    const list = Buffer.from(`${server.url}/a.bin\n${server.url}/b.bin\n`)
    for (const name of ['a', 'b']) {
      server.files.set(`/${name}.bin`, { bytes: someBytes(10), etag: null })
    }
    server.files.set('/v1/manifests/x/wget.txt', {
      bytes: list,
      etag: null,
      mediaType: 'text/plain',
    })
    let isCut = true
    server.fault = (path) => {
      if (!isCut || !path.endsWith('/wget.txt')) return null
      isCut = false
      return { kind: 'cut', after: list.length / 2 }
    }
    const client = createTestClient(server.url)
    const url = `${server.url}/v1/manifests/x/wget.txt`
    const { report } = await get(client, url, { folder: await temporaryFolder(t) })
    assert.equal(report.fetched, 2)
    server.fault = () => ({ kind: 'cut', after: list.length / 2 })
    const broken = get(client, url, { folder: await temporaryFolder(t) })
    await assert.rejects(broken, { code: 'unreachable' })
  })

  it('fetches again only the pieces that are damaged', async (t) => {
    const server = await startHostileServer(t)
    const bytes = someBytes(2_500_000)
    server.files.set('/a.bin', { bytes, etag: etagOf(bytes) })
    let asked = 0
    server.fault = () => {
      asked += 1
      return asked === 1 ? { kind: 'flip' } : null
    }
    const length = 1_000_000
    const hashes = [0, 1, 2].map((piece) =>
      sha256(bytes.subarray(piece * length, (piece + 1) * length)),
    )
    const pieces = hashes.map((hash) => `<hash>${hash}</hash>`).join('')
    const text = `<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="a.bin"><size>${bytes.length}</size><hash type="sha-256">${sha256(bytes)}</hash><pieces length="${length}" type="sha-256">${pieces}</pieces><url>${server.url}/a.bin</url></file></metalink>`
    const folder = await temporaryFolder(t)
    const { report } = await get(createTestClient(server.url), server.url, { folder, text })
    assert.equal(report.fetched, 1)
    assert.ok((await readFile(join(folder, 'a.bin'))).equals(bytes))
    assert.deepEqual(
      server.seen.map(({ headers }) => headers.range),
      [undefined, 'bytes=1000000-1999999'],
    )
  })

  it('reads a list for curl, with names in quotes or without', async (t) => {
    const server = await startHostileServer(t)
    const names = ['a.bin', 'b.bin', 'c.bin']
    for (const [index, name] of names.entries()) {
      server.files.set(`/${name}`, { bytes: someBytes(100, index + 1), etag: null })
    }
    const text = [
      '# what there is',
      'location',
      'header = "x-url = http://127.0.0.1:1/never"',
      `url = "${server.url}/a.bin"`,
      'output = "sub/../the \\"first\\".bin"',
      `--url ${server.url}/b.bin`,
      '-o two.bin',
      `url: ${server.url}/c.bin`,
    ].join('\n')
    const folder = await temporaryFolder(t)
    const { report } = await get(createTestClient(server.url), server.url, { folder, text })
    assert.deepEqual([report.fetched, report.failed], [3, []])
    const paths = ['sub/the _first_.bin', 'two.bin', 'c.bin']
    for (const [index, path] of paths.entries()) {
      assert.ok((await readFile(join(folder, path))).equals(someBytes(100, index + 1)), path)
    }
  })

  it('reads a list of addresses with names and checksums', async (t) => {
    const server = await startHostileServer(t)
    for (const name of ['a.bin', 'b.bin']) {
      server.files.set(`/${name}`, { bytes: someBytes(100), etag: null })
    }
    const good = sha256(someBytes(100))
    const text = [
      '# what there is',
      `${server.url}/a.bin\thttp://mirror.example/a.bin`,
      '  out=sub/../one.bin',
      `  checksum=sha-256=${good}`,
      '  split=4',
      `${server.url}/b.bin`,
      `  checksum=sha-256=${'0'.repeat(64)}`,
    ].join('\n')
    const folder = await temporaryFolder(t)
    const { report } = await get(createTestClient(server.url), server.url, { folder, text })
    assert.equal(report.fetched, 1)
    assert.deepEqual(
      report.failed.map(({ path, error }) => [path, error.code]),
      [['b.bin', 'damaged']],
    )
    assert.ok((await readFile(join(folder, 'sub/one.bin'))).equals(someBytes(100)))
  })
})
