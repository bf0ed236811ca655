import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createClient } from '../../src/client/create-client.ts'
import { createTestClient, get } from '../support/get.ts'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('getFiles() at servers that are not ours', () => {
  it('follows an order by its documented statuses alone: 204, 206, 200', async (t) => {
    const server = await startHostileServer(t)
    const folder = await temporaryFolder(t)
    const left = ['a', 'b', 'c']
    for (const name of left) {
      server.files.set(`/api/v1/rs-catalog/urn/files/${name}`, {
        bytes: new TextEncoder().encode(name),
        etag: null,
      })
    }
    const statuses = [204, 206, 206, 204, 206, 200]
    server.handle = (request, response) => {
      const { pathname } = new URL(request.url ?? '', server.url)
      if (pathname.includes('/rs-catalog/')) return false
      // "<HOST>/api/v1/rs-order/user/orders/{orderId}/files/available": this server has no other path.
      if (!pathname.endsWith('/user/orders/54/files/available')) {
        response.writeHead(404).end()
        return true
      }
      const status = statuses.shift() ?? 200
      const name = status === 206 ? left.shift() : undefined
      const content = name === undefined ? [] : [documentedFile(server.url, name)]
      response.writeHead(status)
      // The key is spelled as the document prints it.
      const metadata = { number: 0, 'size:': 50, totalElements: content.length, totalPages: 1 }
      response.end(status === 204 ? '' : JSON.stringify({ metadata, content }))
      return true
    }
    const url = `${server.url}/api/v1/rs-order/orders/54`
    const { report } = await get(createTestClient(server.url), url, { folder })
    assert.deepEqual([report.standing, report.fetched, report.word], ['done', 3, 'HTTP 200'])
    assert.deepEqual(statuses, [])
  })

  it('upgrades the http links of a listing for its own host, and for no other', async (t) => {
    const asked: [string, string | null][] = []
    const host = 'download.flux-vision.orange-business.com'
    // The document's own example; its second address has a raw space here.
    const listing = ['file_1', 'file 2'].map((name, index) => ({
      orga_code_ref: 'HAUC',
      url: `http://${index === 0 ? host : 'elsewhere.example'}/api_file/v1/HAUC/HAUC-3/HAUC-3-2/${name}`,
      file_last_modified_date: '2021-04-02T15:44:37.293849+02:00',
      study_code_ref: 'HAUC-3',
      file_name: 'f1',
      delivery_code_ref: `HAUC-3-${index}`,
    }))
    const client = createClient({
      url: `https://${host}/`,
      credentials: { kind: 'basic', user: 'ada', password: 'pä:ss' },
      async fetch(url, init) {
        asked.push([url, new Headers(init.headers).get('authorization')])
        if (url.endsWith('/HAUC/')) return Response.json(listing)
        return new Response('x', { headers: { 'content-length': '1' } })
      },
    })
    const folder = await temporaryFolder(t)
    const { report } = await get(client, `https://${host}/api_file/v1/HAUC`, { folder })
    assert.deepEqual(report.failed, [])
    const basic = `Basic ${Buffer.from('ada:pä:ss').toString('base64')}`
    const below = '/api_file/v1/HAUC/HAUC-3/HAUC-3-2'
    assert.deepEqual(asked.toSorted(), [
      [`http://elsewhere.example${below}/file%202`, null],
      [`https://${host}/api_file/v1/HAUC/`, basic],
      [`https://${host}${below}/file_1`, basic],
    ])
    assert.deepEqual((await readdir(join(folder, 'HAUC', 'HAUC-3'))).toSorted(), [
      'HAUC-3-0',
      'HAUC-3-1',
    ])
  })

  for (const [title, code, message] of [
    ['S3', 'AccessDenied', 'Request has expired'],
    ['R2', 'ExpiredRequest', 'Request has expired'],
    ['Ceph, which says nothing more', 'AccessDenied', null],
  ] as const) {
    it(`asks again when a URL expires between two parts, by ${title}`, async (t) => {
      const server = await startHostileServer(t)
      const folder = await temporaryFolder(t)
      const bytes = someBytes(3_000_000)
      server.files.set('/signed/bill.pdf', { bytes, etag: etagOf(bytes) })
      let grants = 0
      server.handle = (request, response) => {
        if (!request.url?.includes('/portorders/')) return false
        grants += 1
        const url = `${server.url}/signed/bill.pdf?Signature=${grants}`
        const attributes = { url, expires: '2018-07-31T21:34:17.576092+00:00' }
        response.end(
          JSON.stringify({ data: { id: 50987, type: 'portorder-file-url', attributes } }),
        )
        return true
      }
      let answers = 0
      server.fault = (_path, request) => {
        answers += 1
        if (answers === 1) return { kind: 'cut', after: 2_000_000 }
        const isOld = request.url?.endsWith(`=${grants}`) === true && answers === 2
        return isOld ? { kind: 'expired', status: 403, code, message } : null
      }
      const url = `${server.url}/v2/portorders/40093/file/50987`
      const { report } = await get(createTestClient(server.url), url, { folder })
      assert.deepEqual(report.failed, [])
      assert.ok((await readFile(join(folder, 'bill.pdf'))).equals(bytes))
      assert.notEqual(server.seen.at(-1)?.headers.range, undefined)
    })
  }

  it('gives a URL up that is refused for another reason', async (t) => {
    const server = await startHostileServer(t)
    server.files.set('/a.bin', { bytes: someBytes(1), etag: null })
    const message = 'This URL was revoked.'
    server.fault = () => ({ kind: 'expired', status: 403, code: 'AccessDenied', message })
    const folder = await temporaryFolder(t)
    const { report } = await get(createTestClient(server.url), `${server.url}/a.bin`, { folder })
    assert.equal(report.failed[0]?.error.code, 'forbidden')
    assert.match(report.failed[0]?.error.message ?? '', /revoked/)
    assert.equal(server.seen.length, 1)
  })

  it('checks what comes against the digests of a /v1 listing', async (t) => {
    const server = await startHostileServer(t)
    const bytes = someBytes(100)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const file = { state: 'available', name: 'a.bin', md5: null, sha256: digest, size: 100 }
    server.handle = ({ url = '' }, response) => {
      if (url.startsWith('/bytes')) return false
      const [, number] = /^\/v1\/files\/(\d)\/content$/.exec(url) ?? []
      if (number !== undefined) response.writeHead(302, { location: `/bytes/${number}` }).end()
      else if (!url.includes('/files')) response.end('{"state":"done"}')
      else {
        const items = [
          { ...file, number: 1 },
          { ...file, number: 2, name: 'b.bin' },
        ]
        response.end(JSON.stringify({ items, next: null }))
      }
      return true
    }
    server.files.set('/bytes/1', { bytes, etag: null })
    server.files.set('/bytes/2', { bytes: someBytes(100, 2), etag: null })
    const folder = await temporaryFolder(t)
    const client = createTestClient(server.url)
    const { report } = await get(client, `${server.url}/v1/deliveries/x`, { folder })
    assert.equal(report.fetched, 1)
    const failed = report.failed.map(({ path, error }) => [path, error.code])
    assert.deepEqual(failed, [['b.bin', 'damaged']])
  })

  it('renews a token before it ends, once for all who ask', async (t) => {
    const server = await startHostileServer(t)
    let [now, tokens] = [0, 0]
    server.handle = (request, response) => {
      if (request.url !== '/token') return false
      tokens += 1
      response.end(JSON.stringify({ access_token: `t${tokens}`, expires_in: 3600 }))
      return true
    }
    const tokenUrl = `${server.url}/token`
    const { transport } = createClient({
      url: server.url,
      credentials: { kind: 'client-credentials', tokenUrl, clientId: 'a', clientSecret: 'b' },
      now: () => now,
    })
    const ask = () => transport.send({ url: `${server.url}/x` })
    await Promise.all([ask(), ask(), ask()])
    assert.equal(tokens, 1)
    now = 3_541_000
    await ask()
    assert.equal(server.seen.at(-1)?.headers.authorization, 'Bearer t2')
  })

  for (const version of [3, 4]) {
    it(`fetches what a Metalink ${version} lists, and checks its hash`, async (t) => {
      const server = await startHostileServer(t)
      const folder = await temporaryFolder(t)
      const bytes = someBytes(100)
      server.files.set('/1', { bytes, etag: null })
      const right = createHash('sha256').update(bytes).digest('hex')
      const metalink = (hash: string) => {
        const type = version === 4 ? 'sha-256' : 'sha256'
        const facts = `<size>100</size><hash type="${type}">${hash}</hash>`
        const link = `<url${version === 3 ? ' type="http" preference="1"' : ' priority="1"'}>${server.url}/1</url>`
        const inner = version === 4 ? facts + link : `${facts}<resources>${link}</resources>`
        return `<?xml version="1.0"?><metalink><files><file name="a &amp; b.bin">${inner}</file></files></metalink>`
      }
      const url = `${server.url}/order.metalink`
      const client = createTestClient(server.url)
      const good = await get(client, url, { folder, text: metalink(right) })
      assert.equal(good.report.fetched, 1)
      assert.ok((await readFile(join(folder, 'a & b.bin'))).equals(bytes))
      const wrong = await get(client, url, {
        folder: await temporaryFolder(t),
        text: metalink('0'.repeat(64)),
      })
      assert.equal(wrong.report.failed[0]?.error.code, 'damaged')
    })
  }
})

function documentedFile(url: string, name: string) {
  return {
    productId: 'product',
    checksum: createHash('md5').update(name).digest('hex'),
    fileSize: 1,
    filename: `${name}.txt`,
    mimeType: 'application/text',
    uri: `${url}/api/v1/rs-catalog/urn/files/${name}`,
  }
}
