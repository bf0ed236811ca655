import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Client, ClientOptions } from '../../src/client/create-client.ts'
import { createTestClient, createTestWait, get } from '../support/get.ts'
import {
  etagOf,
  type Fault,
  type HostileFile,
  type HostileServer,
  someBytes,
  startHostileServer,
} from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const large = 3 * 1024 * 1024 + 17

interface World {
  server: HostileServer
  folder: string
  client: Client
  url: string
  bytes: Uint8Array
  /** What stands under the name, and nothing else may lie beside it. */
  assertWhole(expected?: Uint8Array): Promise<void>
}

async function world(
  t: TestContext,
  {
    size = large,
    client = {},
    ...file
  }: Partial<HostileFile> & { size?: number; client?: Partial<ClientOptions> } = {},
): Promise<World> {
  const server = await startHostileServer(t)
  const folder = await temporaryFolder(t)
  const bytes = someBytes(size)
  server.files.set('/data.bin', { bytes, etag: etagOf(bytes), digest: true, ...file })
  return {
    ...{ server, folder, bytes },
    client: createTestClient(server.url, client),
    url: `${server.url}/data.bin`,
    async assertWhole(expected = bytes) {
      const found = await readFile(join(folder, 'data.bin'))
      assert.equal(sha256(found), sha256(expected))
      const left = (await readdir(folder)).toSorted()
      assert.deepEqual(left, ['.claimcheck.json', 'data.bin'])
    },
  }
}

/** Faults one after the other, then none. */
function inTurn(...faults: (Fault | null)[]): () => Fault | null {
  return () => faults.shift() ?? null
}

describe('getFiles() from a hostile server', () => {
  const passing: [string, Fault][] = [
    ['that hangs up', { kind: 'refuse' }],
    ['that cuts after the head', { kind: 'cut-after-head' }],
    ['that cuts after the first byte', { kind: 'cut', after: 1 }],
    ['that cuts in the middle', { kind: 'cut', after: 1_500_000 }],
    ['that cuts before the last byte', { kind: 'cut', after: large - 1 }],
    ['that answers 500', { kind: 'error', status: 500 }],
    ['that answers 502', { kind: 'error', status: 502 }],
    ['that promises too much', { kind: 'long-length' }],
    ['that sends a web page with 200', { kind: 'html' }],
    ['that flips a bit', { kind: 'flip' }],
    ['that sends gzip though identity was asked for', { kind: 'gzip' }],
    ['that answers 206 without Content-Range', { kind: 'bare-206' }],
  ]
  for (const size of [0, 1, 1000, large]) {
    for (const [title, fault] of passing) {
      it(`gets ${size} bytes from one ${title}`, async (t) => {
        const { server, client, url, folder, assertWhole } = await world(t, { size })
        const cut = fault.kind === 'cut' ? { ...fault, after: Math.min(fault.after, size) } : fault
        server.fault = inTurn(cut, cut)
        const { report } = await get(client, url, { folder })
        assert.deepEqual(report.failed, [])
        await assertWhole()
      })
    }
  }

  it('goes on where the connection broke, by If-Range', async (t) => {
    const { server, client, url, folder, bytes, assertWhole } = await world(t)
    server.fault = inTurn({ kind: 'cut', after: 2_000_000 })
    await get(client, url, { folder })
    await assertWhole()
    const [first, second, ...more] = server.seen
    assert.equal(more.length, 0)
    assert.equal(first?.headers.range, undefined)
    const [, from] = /^bytes=(\d+)-\d+$/.exec(String(second?.headers.range)) ?? []
    assert.ok(Number(from) > 0 && Number(from) <= 2_000_000, String(second?.headers.range))
    assert.equal(second?.headers['if-range'], etagOf(bytes))
  })

  it('gets a file that a server without ranges gives only as a whole', async (t) => {
    const { server, client, url, folder, assertWhole } = await world(t, { noRanges: true })
    server.fault = inTurn({ kind: 'cut', after: 2_000_000 }, null, {
      kind: 'cut',
      after: 1_000_000,
    })
    await get(client, url, { folder })
    await assertWhole()
  })

  for (const noIfRange of [false, true]) {
    const how = noIfRange ? 'though the server ignores If-Range' : 'by If-Range'
    for (const sameSize of [false, true]) {
      it(`notices a change between ranges ${how}${sameSize ? ', of the same length' : ''}`, async (t) => {
        const { server, client, url, folder, assertWhole } = await world(t, { noIfRange })
        const fresh = someBytes(sameSize ? large : large - 100, 7)
        server.fault = inTurn({ kind: 'cut', after: 2_000_000 })
        server.onAnswer = () => {
          server.onAnswer = () => {}
          setImmediate(() => {
            server.files.set('/data.bin', {
              bytes: fresh,
              etag: etagOf(fresh),
              digest: true,
              noIfRange,
            })
          })
        }
        await get(client, url, { folder })
        await assertWhole(fresh)
      })
    }
  }

  it('gives a file up that changes each time', async (t) => {
    const { server, client, url, folder } = await world(t)
    let seed = 1
    server.fault = () => ({ kind: 'cut', after: 2_000_000 })
    server.onAnswer = () => {
      seed += 1
      const fresh = someBytes(large, seed)
      setImmediate(() => server.files.set('/data.bin', { bytes: fresh, etag: etagOf(fresh) }))
    }
    const { report } = await get(client, url, { folder })
    assert.equal(report.failed[0]?.error.code, 'changed')
    assert.deepEqual(await readdir(folder), [])
  })

  it('refuses a length that lies, when a digest tells', async (t) => {
    const { server, client, url, folder } = await world(t, { size: 1000 })
    server.fault = () => ({ kind: 'short-length' })
    const { report } = await get(client, url, { folder })
    assert.equal(report.failed[0]?.error.code, 'damaged')
    assert.deepEqual(await readdir(folder), [])
  })

  it('refuses another part than it asked for', async (t) => {
    const { server, client, url, folder, assertWhole } = await world(t)
    server.fault = inTurn({ kind: 'cut', after: 2_000_000 }, { kind: 'wrong-range' })
    await get(client, url, { folder })
    await assertWhole()
  })

  it('refuses a web page for good when nothing else comes', async (t) => {
    const { server, client, url, folder } = await world(t)
    server.fault = () => ({ kind: 'html' })
    const { report } = await get(client, url, { folder })
    assert.equal(report.failed[0]?.error.code, 'not_a_file')
    assert.deepEqual(await readdir(folder), [])
  })

  it('says that nothing is there when 204 says so', async (t) => {
    const { server, client, url, folder } = await world(t)
    server.handle = (_request, response) => {
      response.writeHead(204).end()
      return true
    }
    const { report } = await get(client, url, { folder })
    assert.equal(report.failed[0]?.error.code, 'not_found')
    assert.match(report.failed[0]?.error.message ?? '', /nothing to give \(204\)/)
  })

  it('takes a page that is one', async (t) => {
    const { server, client, folder } = await world(t)
    const bytes = new TextEncoder().encode('<!DOCTYPE html><title>Wanted</title>')
    server.files.set('/page.html', { bytes, etag: null, mediaType: 'text/html' })
    const { report } = await get(client, `${server.url}/page.html`, { folder })
    assert.equal(report.fetched, 1)
  })

  for (const status of [429, 503] as const) {
    for (const retryAfter of ['seconds', 'date', 'none'] as const) {
      it(`waits after ${status} with Retry-After as ${retryAfter}`, async (t) => {
        const wait = createTestWait()
        const { server, client, url, folder, assertWhole } = await world(t, { client: { wait } })
        server.fault = inTurn({ kind: 'busy', status, retryAfter })
        await get(client, url, { folder })
        await assertWhole()
        const [asked = -1, ...more] = wait.asked
        assert.equal(more.length, 0)
        if (retryAfter === 'seconds') assert.equal(asked, 1000)
        if (retryAfter === 'date') assert.ok(asked >= 0 && asked <= 2000, String(asked))
        if (retryAfter === 'none') assert.ok(asked >= 250 && asked <= 500, String(asked))
      })
    }
  }

  it('counts its patience anew with each byte of progress', async (t) => {
    const { server, client, url, folder, assertWhole } = await world(t)
    const cuts = Array.from({ length: 25 }, (): Fault => ({ kind: 'cut', after: 100_000 }))
    server.fault = inTurn(...cuts)
    await get(client, url, { folder })
    await assertWhole()
  })

  it('gives up when nothing comes for long', async (t) => {
    const { server, client, url, folder } = await world(t)
    server.fault = () => ({ kind: 'refuse' })
    const { report } = await get(client, url, { folder })
    assert.equal(report.failed[0]?.error.code, 'unreachable')
    assert.equal(server.seen.length, 7)
  })

  it('ends a connection on which nothing comes', async (t) => {
    const { server, client, url, folder, assertWhole } = await world(t)
    let held = 0
    server.handle = (_request, response) => {
      if (held > 0) return false
      held += 1
      response.writeHead(200, { 'content-length': large })
      response.write('x')
      return true
    }
    await get(client, url, { folder, stallMs: 50 })
    await assertWhole()
  })

  it('still knows a file that has changed for one after a connection on which nothing came', async (t) => {
    const { server, client, url, folder, assertWhole } = await world(t, { noIfRange: true })
    const fresh = someBytes(large, 9)
    let held = 0
    server.handle = (_request, response) => {
      if (held > 0) return false
      held += 1
      const { bytes, etag } = server.files.get('/data.bin') ?? {}
      response.writeHead(200, { 'content-length': large, etag: String(etag) })
      response.write(bytes?.subarray(0, large - 10))
      server.files.set('/data.bin', { bytes: fresh, etag: etagOf(fresh), digest: true })
      return true
    }
    const { events } = await get(client, url, { folder, stallMs: 50 })
    await assertWhole(fresh)
    const setbacks = events.flatMap((event) => (event.type === 'setback' ? [event.sentence] : []))
    assert.equal(setbacks.length, 2)
    assert.equal(setbacks[0], 'Nothing came any more.')
    assert.match(String(setbacks[1]), /changed/)
  })

  it('refuses a body of which nobody can say whether it is whole', async (t) => {
    const file = { noLength: true, digest: false, etag: null, size: 1000 }
    const { client, url, folder } = await world(t, file)
    const { report } = await get(client, url, { folder })
    assert.equal(report.failed[0]?.error.code, 'unverifiable')
  })

  it('refuses it from a server that does not say that it closes, and takes it by a manifest', async (t) => {
    const { server, client, url, folder, bytes, assertWhole } = await world(t, { size: 1000 })
    let sent = bytes
    // The way of HTTP/1.0.
    server.handle = (_request, { socket }) => {
      socket?.write('HTTP/1.0 200 OK\r\n\r\n')
      socket?.end(sent)
      return true
    }
    for (const fetch of [undefined, globalThis.fetch]) {
      const asking = fetch === undefined ? client : createTestClient(server.url, { fetch })
      const { report } = await get(asking, url, { folder })
      assert.equal(report.failed[0]?.error.code, 'unverifiable')
      const text = JSON.stringify({ files: [{ url, name: 'data.bin', size: 1000 }] })
      await get(asking, server.url, { folder, text })
      await assertWhole()
      await rm(join(folder, 'data.bin'))
      sent = bytes.subarray(0, 999)
      const cut = await get(asking, server.url, { folder, text })
      assert.equal(cut.report.failed[0]?.error.code, 'damaged')
      sent = bytes
    }
  })

  it('takes off a coding that it did not ask for, or refuses it, and never keeps it', async (t) => {
    const { server, folder, bytes } = await world(t, { size: 1000 })
    const codings: Record<string, Uint8Array> = {
      ...{ GZIP: gzipSync(bytes), 'x-gzip': gzipSync(bytes), deflate: deflateSync(bytes) },
      ...{ br: brotliCompressSync(bytes), identity: bytes, 'aws-chunked': bytes },
      ...{ 'gzip, gzip': gzipSync(gzipSync(bytes)), 'gzip, identity': gzipSync(bytes) },
      ...{ compress: bytes.subarray(1), 'gzip, br': brotliCompressSync(gzipSync(bytes)) },
    }
    server.handle = ({ url = '' }, response) => {
      const coding = decodeURIComponent(url.slice(1))
      const body = codings[coding] ?? new Uint8Array()
      response.writeHead(200, { 'content-encoding': coding, 'content-length': body.length })
      response.end(body)
      return true
    }
    const files = Object.keys(codings).map((name) => ({ name, url: encodeURIComponent(name) }))
    const text = JSON.stringify({ files })
    for (const fetch of [undefined, globalThis.fetch]) {
      const into = join(folder, fetch === undefined ? 'sockets' : 'fetch')
      const client = createTestClient(server.url, fetch === undefined ? {} : { fetch })
      const { report } = await get(client, server.url, { folder: into, text })
      for (const { error } of report.failed) assert.equal(error.code, 'bad_answer')
      assert.deepEqual(report.failed.map(({ path }) => path).toSorted(), [
        'compress',
        'gzip, br',
        'gzip, gzip',
        'gzip, identity',
      ])
      const names = (await readdir(into)).filter((name) => name !== '.claimcheck.json')
      assert.equal(names.length, 6)
      for (const name of names) assert.ok((await readFile(join(into, name))).equals(bytes), name)
    }
  })

  it('takes one without a length that comes in chunks', async (t) => {
    const { server, client, url, folder, assertWhole } = await world(t, {
      chunked: true,
      etag: null,
      digest: false,
    })
    server.fault = inTurn({ kind: 'cut', after: 2_000_000 })
    await get(client, url, { folder })
    await assertWhole()
  })

  describe('with several connections', () => {
    const size = 20 * 1024 * 1024 + 3
    const many = { splitBytes: 1024, connections: 4, enoughRate: Number.POSITIVE_INFINITY }

    it('puts a large file together', async (t) => {
      const { server, client, url, folder, assertWhole } = await world(t, { size })
      await get(client, url, { folder, ...many })
      await assertWhole()
      const ranged = server.seen.filter(({ headers }) => headers.range !== undefined)
      assert.ok(ranged.length >= 2, `${ranged.length} parts`)
    })

    it('puts it together while each one breaks', async (t) => {
      const { server, client, url, folder, assertWhole } = await world(t, { size })
      let turn = 0
      server.fault = () => {
        turn += 1
        return turn % 3 === 0 ? null : { kind: 'cut', after: 1_700_000 }
      }
      await get(client, url, { folder, ...many })
      await assertWhole()
    })

    it('starts again when the file changes under them', async (t) => {
      const { server, client, url, folder, assertWhole } = await world(t, { size, noIfRange: true })
      const fresh = someBytes(size, 9)
      let answers = 0
      server.onAnswer = () => {
        answers += 1
        if (answers !== 2) return
        server.files.set('/data.bin', { bytes: fresh, etag: etagOf(fresh), digest: true })
      }
      await get(client, url, { folder, ...many })
      await assertWhole(fresh)
    })

    it('goes by one when the server promises ranges and gives none', async (t) => {
      const { server, client, url, folder, assertWhole } = await world(t, { size })
      const file = server.files.get('/data.bin')
      server.handle = (request) => {
        delete request.headers.range
        return false
      }
      assert.ok(file !== undefined)
      const { report } = await get(client, url, { folder, ...many })
      assert.equal(report.failed.length, 0)
      assert.ok(server.seen.length <= 5)
      await assertWhole()
    })
  })

  describe('with credentials', () => {
    const credentials = { kind: 'bearer', token: 'secret' } as const

    it('keeps them from another origin', async (t) => {
      const other = await startHostileServer(t)
      const { server, client, url, folder, assertWhole, bytes } = await world(t, {
        client: { credentials },
      })
      other.files.set('/elsewhere', { bytes, etag: null })
      server.fault = () => ({ kind: 'redirect', to: `${other.url}/elsewhere` })
      await get(client, url, { folder })
      await assertWhole()
      assert.equal(server.seen[0]?.headers.authorization, 'Bearer secret')
      assert.equal(other.seen.length, 1)
      assert.equal(other.seen[0]?.headers.authorization, undefined)
      assert.equal(other.seen[0]?.headers.cookie, undefined)
    })

    it('does not send them to a signed URL of the same origin', async (t) => {
      const { server, client, url, folder } = await world(t, { client: { credentials } })
      await get(client, `${url}?Expires=1&Signature=abc`, { folder })
      assert.equal(server.seen[0]?.headers.authorization, undefined)
    })

    it('ends after five redirects', async (t) => {
      const { server, client, url, folder } = await world(t, { client: { credentials } })
      server.fault = () => ({ kind: 'redirect', to: '/data.bin' })
      const { report } = await get(client, url, { folder })
      assert.equal(report.failed[0]?.error.code, 'too_many_redirects')
      assert.equal(server.seen.length, 6)
    })
  })

  describe('with names that want out', () => {
    const names = [
      ['../../outside.txt', ''],
      ['/etc/passwd', ''],
      ['C:\\Windows\\evil.dll', ''],
      ['..\\..\\up.txt', ''],
      ['a/../../b.txt', ''],
      ['.bashrc', ''],
      ['NUL', ''],
      ['con.txt', ''],
      ['.claimcheck.json', ''],
      ['x.part', ''],
      ['x.part.json', ''],
      ['..', ''],
      ['', ''],
      ['\u202Etxt.exe', ''],
      ['a\0b', ''],
      [`${'é'.repeat(300)}.csv`, ''],
    ].map(([name = '']) => name)

    for (const layout of ['flat', 'tree'] as const) {
      it(`keeps all of them in the folder, ${layout}`, async (t) => {
        const { server, client, folder: parent } = await world(t)
        const folder = join(parent, 'one', 'two', 'three')
        const bytes = someBytes(10)
        const files = names.map((name, index) => {
          server.files.set(`/n/${index}`, { bytes, etag: null })
          return { name, url: `${server.url}/n/${index}` }
        })
        const text = JSON.stringify({ files })
        const { report } = await get(client, `${server.url}/list.json`, { folder, layout, text })
        assert.deepEqual(report.failed, [])
        const inside = await readdir(folder, { recursive: true, withFileTypes: true })
        const found = inside.filter((entry) => entry.isFile())
        assert.equal(found.length, names.length + 1, String(inside.map(({ name }) => name)))
        for (const { name } of found) {
          if (name === '.claimcheck.json') continue
          assert.doesNotMatch(name, /^\.|^(?:nul|con\.txt)$|\.part(?:\.json)?$|[:\\\0\u202E]/i)
          assert.ok(Buffer.byteLength(name) <= 255)
        }
        const outside = (await readdir(parent, { recursive: true })).filter(
          (path) => !path.startsWith('one'),
        )
        assert.deepEqual(outside, [])
        const record = JSON.parse(await readFile(join(folder, '.claimcheck.json'), 'utf8'))
        assert.equal(Object.keys(record.files).length, names.length)
      })
    }

    it('does not follow a link that lies in the folder', async (t) => {
      const { server, client, folder: parent } = await world(t)
      const folder = join(parent, 'target')
      await mkdir(join(parent, 'precious'))
      await mkdir(folder)
      await symlink(join(parent, 'precious'), join(folder, 'sub'))
      await writeFile(join(parent, 'precious', 'kept'), 'kept')
      await symlink(join(parent, 'precious', 'kept'), join(folder, 'data.bin'))
      await symlink(join(parent, 'precious', 'kept'), join(folder, 'other.bin.part'))
      const files = ['sub/data.bin', 'data.bin', 'other.bin'].map((name) => ({
        name,
        url: `${server.url}/data.bin?${name.replace('/', '')}`,
      }))
      const { report } = await get(client, `${server.url}/list.json`, {
        folder,
        text: JSON.stringify({ files }),
      })
      const failed = report.failed.map(({ path, error }) => [path, error.code])
      assert.deepEqual(failed.toSorted(), [
        ['other.bin', 'unsafe_target'],
        ['sub/data.bin', 'unsafe_target'],
      ])
      assert.equal(await readFile(join(parent, 'precious', 'kept'), 'utf8'), 'kept')
      assert.deepEqual(await readdir(join(parent, 'precious')), ['kept'])
      assert.equal((await stat(join(folder, 'data.bin'))).size, large)
    })
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
