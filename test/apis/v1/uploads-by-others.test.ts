import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { setPermissions, suspendAccount } from '../../../src/core/accounts/accounts.ts'
import { findUpload } from '../../../src/core/uploads/uploads.ts'
import { patternBytes, sha256 } from '../../support/bytes.ts'
import { findPublished } from '../../support/studies.ts'
import { createTestAccount } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { by, startWorld } from '../../support/v1-world.ts'

interface UploadJson {
  id: string
  state: string
  message: string | null
  deliveryId: string | null
  fileNumber: number | null
}

interface LinkJson {
  id: string
  uploadId: string
  url: string
}

const bytes = patternBytes(200_000)

describe('a signed URL to put a file in', () => {
  it('publishes what is put, once, as its maker would', async (t) => {
    const { link, put, published, statusOf } = await setUp(t)
    const { url, uploadId } = await link({ name: 'a.bin' })
    assert.equal((await statusOf(uploadId)).state, 'receiving')
    const answer = await put(url, bytes)
    assert.equal(answer.status, 200, await answer.text())
    const file = await published('a.bin')
    assert.equal(file?.sha256, sha256(bytes))
    assert.equal(answer.headers.get('claimcheck-file'), String(file?.number))
    const { state, fileNumber } = await statusOf(uploadId)
    assert.deepEqual([state, fileNumber], ['done', file?.number])
    const again = await put(url, bytes)
    assert.equal(again.status, 403)
    assert.match(await again.text(), /was used already/)
  })

  it('opens nothing by GET', async (t) => {
    const { link } = await setUp(t)
    const { url } = await link({ name: 'a.bin' })
    assert.equal((await fetch(url)).status, 403)
  })

  it('keeps nothing that is not what was announced, and takes the right bytes after it', async (t) => {
    const { link, put, published } = await setUp(t)
    const { url } = await link({ name: 'a.bin', size: bytes.length, sha256: sha256(bytes) })
    const other = patternBytes(bytes.length, 2)
    for (const [body, headers] of [
      [other, {}],
      [bytes.subarray(1), {}],
      [bytes, { 'repr-digest': `sha-256=:${digestOf('sha256', other)}:` }],
      [bytes, { 'content-digest': `sha-512=:${digestOf('sha512', other)}:` }],
      [bytes, { 'content-md5': digestOf('md5', other) }],
    ] as const) {
      const refused = await put(url, body, headers)
      assert.equal(refused.status, 400)
      assert.match(await refused.text(), /<Code>BadDigest<\/Code>/)
      assert.equal(await published('a.bin'), null)
    }
    const right = { 'content-digest': `sha-512=:${digestOf('sha512', bytes)}:` }
    assert.equal((await put(url, bytes, right)).status, 200)
  })

  it('opens for its networks only, and not when it is revoked or its maker is suspended', async (t) => {
    const { world, paula, link, put } = await setUp(t)
    const elsewhere = await link({ name: 'a.bin', networks: ['192.0.2.0/24'] })
    assert.equal((await put(elsewhere.url, bytes)).status, 403)
    const gone = await link({ name: 'a.bin' })
    await world.ask('DELETE', `/v1/links/${gone.id}`, by(paula))
    assert.equal((await put(gone.url, bytes)).status, 403)
    const last = await link({ name: 'a.bin' })
    await suspendAccount(world.server.core, 'system', paula.id)
    assert.equal((await put(last.url, bytes)).status, 403)
  })

  it('shows nothing when it is revoked, or its maker is suspended or loses the right, while bytes come', async (t) => {
    const { world, paula, link, putSlowly, published } = await setUp(t)
    const { core } = world.server
    const revoked = await link({ name: 'a.bin' })
    const revoke = () => world.ask('DELETE', `/v1/links/${revoked.id}`, by(paula))
    assert.equal(await putSlowly(revoked, revoke), 403)
    const lost = await link({ name: 'b.bin' })
    const take = () => setPermissions(core, 'system', { accountId: paula.id, permissions: [] })
    const last = await link({ name: 'c.bin' })
    assert.equal(await putSlowly(lost, take), 403)
    await setPermissions(core, 'system', { accountId: paula.id, permissions: ['publish'] })
    assert.equal(await putSlowly(last, () => suspendAccount(core, 'system', paula.id)), 403)
    for (const name of ['a.bin', 'b.bin', 'c.bin']) assert.equal(await published(name), null)
  })

  it('is not made for a name or a media type that cannot be, nor is a file pulled', async (t) => {
    const { link, put, refused } = await setUp(t)
    for (const mediaType of ['text/html\r\nX-More: 1', 'text/plain; a=\u2028', 'text', 'a/b/c']) {
      await refused({ name: 'a.bin', mediaType })
    }
    for (const name of ['..', 'a/b', 'a\nb']) await refused({ name })
    const { url } = await link({ name: 'a.bin', mediaType: 'text/csv; charset="utf-8"' })
    assert.equal((await put(url, bytes)).status, 200)
  })

  it('is made by publishers only', async (t) => {
    const { world } = await setUp(t)
    const path = '/v1/studies/acme/S/D/upload-links'
    for (const [account, status] of [
      [world.ada, 403],
      [world.eve, 404],
    ] as const) {
      await world.json('POST', path, { ...by(account, { body: { name: 'a' } }), status })
    }
  })
})

describe('a file that is pulled from a URL', () => {
  it('is published when it has come, by redirects, too', async (t) => {
    const { pull, over, published } = await setUp(t, allowed)
    const source = await serve(t, (request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/file' }).end()
      else response.end(bytes)
    })
    const { id, state } = await pull({ url: `${source}/moved`, name: 'b.bin' }, 202)
    assert.equal(state, 'receiving')
    const upload = await over(id)
    const file = await published('b.bin')
    assert.deepEqual([upload.state, upload.fileNumber], ['done', file?.number])
    assert.equal(file?.sha256, sha256(bytes))
  })

  it('whose end its server does not tell is taken when its size or digest was announced', async (t) => {
    const { pull, over, published } = await setUp(t, allowed)
    const source = await serve(t, (_request, response) => {
      response.removeHeader('transfer-encoding')
      response.useChunkedEncodingByDefault = false
      response.end(bytes, () => response.socket?.end())
    })
    const { id } = await pull({ url: source, name: 'u.bin' }, 202)
    assert.match((await over(id)).message ?? '', /does not tell where it ends/)
    assert.equal(await published('u.bin'), null)
    for (const [index, said] of [{ sha256: sha256(bytes) }, { size: bytes.length }].entries()) {
      const { id } = await pull({ url: source, name: `u${index}.bin`, ...said }, 202)
      assert.equal((await over(id)).state, 'done')
    }
  })

  it('that is not what was announced is not published, and why is told', async (t) => {
    const { pull, over, published } = await setUp(t, allowed)
    const source = await serve(t, (_request, response) => void response.end(bytes))
    for (const said of [{ sha256: 'a'.repeat(64) }, { size: 5 }]) {
      const { id } = await pull({ url: source, name: 'c.bin', ...said }, 202)
      const upload = await over(id)
      assert.equal(upload.state, 'failed')
      assert.match(upload.message ?? '', /nothing was kept/)
    }
    assert.equal(await published('c.bin'), null)
  })

  it('is no longer than the setting says, announced or counted, and is not tried again', async (t) => {
    const limits = { ...allowed, CLAIMCHECK_PULL_MAX_BYTES: '1000' }
    const { pull, over, published } = await setUp(t, limits)
    let asked = 0
    const source = await serve(t, (request, response) => {
      asked += 1
      if (request.url === '/announced') response.setHeader('content-length', 1001)
      response.write(bytes.subarray(0, 500))
      response.end(bytes.subarray(500, request.url === '/fits' ? 1000 : 1001))
    })
    for (const path of ['announced', 'counted']) {
      const { id } = await pull({ url: `${source}/${path}`, name: 'e.bin' }, 202)
      const { state, message } = await over(id)
      assert.equal(state, 'failed')
      assert.match(message ?? '', /at most 1000 bytes/)
    }
    assert.equal(asked, 2)
    assert.equal(await published('e.bin'), null)
    const { id } = await pull({ url: `${source}/fits`, name: 'e.bin' }, 202)
    assert.equal((await over(id)).state, 'done')
  })

  it('never comes from an address that is not public', async (t) => {
    const { pull, over } = await setUp(t)
    let asked = 0
    const source = await serve(t, (_request, response) => {
      asked += 1
      response.end(bytes)
    })
    const { id } = await pull({ url: source, name: 'd.bin' }, 202)
    assert.match((await over(id)).message ?? '', /not public/)
    assert.equal(asked, 0)
    for (const url of ['ftp://data.example/a', 'file:///etc/passwd', 'nonsense']) {
      await pull({ url, name: 'd.bin' }, 422)
    }
  })
})

const allowed = { CLAIMCHECK_OUTGOING_ALLOW: '127.0.0.0/8' }

async function setUp(t: TestContext, environment: Record<string, string> = {}) {
  const world = await startWorld(t, environment)
  const paula = await createTestAccount(world.server.core, 'paula', {
    permissions: ['publish:acme/S'],
  })
  const post = <T>(kind: string, body: object, status: number) =>
    world.json<T>('POST', `/v1/studies/acme/S/D/${kind}`, { ...by(paula, { body }), status })
  const statusOf = (id: string) => world.json<UploadJson>('GET', `/v1/uploads/${id}`, by(paula))
  return {
    world,
    paula,
    statusOf,
    link: (body: object) => post<LinkJson>('upload-links', body, 201),
    pull: (body: object, status: number) => post<UploadJson>('pulls', body, status),
    async refused(body: object) {
      await post('upload-links', body, 422)
      await post('pulls', { ...body, url: 'https://data.example/a' }, 422)
    },
    put: (url: string, body: Buffer, headers: Record<string, string> = {}) =>
      fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) }),
    /** Has something done when half of the bytes have been sent and the upload is held. */
    async putSlowly({ url, uploadId }: LinkJson, halfway: () => Promise<unknown>): Promise<number> {
      async function* body() {
        yield bytes.subarray(0, 1000)
        await until('the upload is held', async () => {
          const upload = await findUpload(world.server.core.database.kysely, uploadId)
          return upload?.lease != null
        })
        await halfway()
        yield bytes.subarray(1000)
      }
      const put = { method: 'PUT', body: Readable.toWeb(Readable.from(body())), duplex: 'half' }
      const answer = await fetch(url, put as unknown as RequestInit)
      return answer.status
    },
    async over(id: string): Promise<UploadJson> {
      await until('the pull is over', async () => (await statusOf(id)).state !== 'receiving')
      return await statusOf(id)
    },
    published: (name: string) => findPublished(world.server.core, name),
  }
}

function digestOf(algorithm: string, of: Buffer): string {
  return createHash(algorithm).update(of).digest('base64')
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
