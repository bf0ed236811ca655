import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { findAccount } from '../../src/core/accounts/accounts.ts'
import { deliver } from '../support/archive-world.ts'
import { patternBytes } from '../support/bytes.ts'
import { createTestClient, get } from '../support/get.ts'
import { etagOf, type Fault, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startWorld } from '../support/v1-world.ts'

type AnswerHead = (response: ServerResponse) => void

const sizes = [1000, 3_000_000]

for (const size of sizes) {
  describe(`an archive of ${size} bytes whose digest the server tells late`, () => {
    const bytes = someBytes(size)
    const etag = etagOf(bytes)
    const digest = createHash('sha256').update(bytes).digest('base64')
    const tell: AnswerHead = (response) =>
      response.writeHead(200, { etag, 'repr-digest': `sha-256=:${digest}:` }).end()

    it('is asked for once, by its entity tag, when the archive is here', async (t) => {
      const { seen, fetch } = await setUp(t, tell)
      const { got, setbacks } = await fetch()
      assert.ok(got?.equals(bytes))
      assert.deepEqual(setbacks, [])
      const heads = seen.filter(({ method }) => method === 'HEAD')
      assert.deepEqual(
        heads.map(({ headers }) => [headers['if-match'], headers['want-repr-digest']]),
        [[etag, 'sha-256=10']],
      )
    })

    it('shows what was damaged on the way, which is fetched again', async (t) => {
      const { server, fetch } = await setUp(t, tell)
      const faults: Fault[] = [{ kind: 'flip' }]
      server.fault = () => faults.shift() ?? null
      const { got, setbacks } = await fetch()
      assert.ok(got?.equals(bytes))
      assert.match(setbacks.join(), /The sha256 of what came is not the one that was promised/)
    })

    const useless: [what: string, head: AnswerHead][] = [
      ['refuses', (response) => response.writeHead(403).end()],
      ['breaks off', (response) => response.destroy()],
      ['does not know it either', (response) => response.writeHead(200, { etag }).end()],
      [
        'speaks of another archive',
        (response) => {
          const other = createHash('sha256').update('other').digest('base64')
          response.writeHead(200, { etag: '"other"', 'repr-digest': `sha-256=:${other}:` }).end()
        },
      ],
    ]
    for (const [what, head] of useless) {
      it(`is not missed where the server ${what}`, async (t) => {
        const { seen, fetch } = await setUp(t, head)
        const { got, setbacks } = await fetch()
        assert.ok(got?.equals(bytes))
        assert.deepEqual(setbacks, [])
        assert.equal(seen.filter(({ method }) => method === 'HEAD').length, 1)
      })
    }

    if (size > 1024 * 1024) {
      it('costs no byte twice when it is interrupted', async (t) => {
        const stop = new AbortController()
        // Silence.
        const { seen, fetch } = await setUp(t, () => stop.abort())
        await assert.rejects(fetch(stop.signal), { code: 'aborted' })
        const got = () => seen.filter(({ path, method }) => path === '/all.zip' && method === 'GET')
        assert.equal(got().length, 1)
        const heads = seen.length
        assert.ok((await fetch(undefined, tell)).got?.equals(bytes))
        assert.equal(got().length, 1)
        assert.ok(seen.slice(heads).some(({ method }) => method === 'HEAD'))
      })
    }

    it('is not asked for where the archive has no entity tag, or came with a digest', async (t) => {
      for (const file of [
        { bytes, etag: null },
        { bytes, etag, digest: true },
      ]) {
        const { server, seen, fetch } = await setUp(t, tell)
        server.files.set('/all.zip', file)
        assert.ok((await fetch()).got?.equals(bytes))
        assert.deepEqual(
          seen.filter(({ method }) => method === 'HEAD'),
          [],
        )
      }
    })

    async function setUp(t: TestContext, head: AnswerHead) {
      let answer = head
      const server = await startHostileServer(t)
      server.files.set('/all.zip', { bytes, etag })
      server.handle = ({ method, url }, response) => {
        if (url === '/v1/deliveries/d') response.end('{"state":"done"}')
        else if (url === '/v1/deliveries/d/archive') {
          response.writeHead(302, { location: '/all.zip' }).end()
        } else if (method === 'HEAD') answer(response)
        else return false
        return true
      }
      const folder = await temporaryFolder(t)
      return {
        server,
        seen: server.seen,
        async fetch(signal?: AbortSignal, next = answer) {
          answer = next
          const client = createTestClient(server.url)
          const url = `${server.url}/v1/deliveries/d`
          const { events } = await get(client, url, {
            ...{ folder, archive: true },
            ...(signal === undefined ? {} : { signal }),
          })
          return {
            got: await readFile(join(folder, 'all.zip')).catch(() => null),
            setbacks: events.flatMap((event) => (event.type === 'setback' ? [event.sentence] : [])),
          }
        },
      }
    }
  })
}

describe('an archive of our server', () => {
  it('is verified by the digest that the server took of it while it sent it', async (t) => {
    const { server, ada } = await startWorld(t)
    const owner = await findAccount(server.core, ada.id)
    assert.ok(owner !== null)
    const files = [
      { name: 'a', bytes: patternBytes(1000) },
      { name: 'long', bytes: Buffer.alloc(16 * 1024 * 1024, 'x'), encrypted: true },
    ]
    const { delivery } = await deliver(server.core, { owner, files })
    const heads: (string | null)[] = []
    const client = createTestClient(server.url, {
      credentials: { kind: 'bearer', token: ada.token },
      async fetch(url, init) {
        const answer = await fetch(url, init)
        if (init.method === 'HEAD') heads.push(answer.headers.get('repr-digest'))
        return answer
      },
    })
    const folder = await temporaryFolder(t)
    const url = `${server.url}/v1/deliveries/${delivery.id}`
    const { events } = await get(client, url, { folder, archive: true })
    const done = events.find((event) => event.type === 'done')
    const sha256 = Buffer.from(done?.file.sha256 ?? '', 'hex').toString('base64')
    assert.deepEqual(heads, [`sha-256=:${sha256}:`])
  })
})
