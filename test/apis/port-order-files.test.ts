import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { newOrder, setUpPortOrders as setUp } from '../support/port-orders.ts'
import { isOnPostgres } from '../support/test-database.ts'

const pdf = Buffer.from('%PDF-1.4 a very secret phone bill of John Doe, 1218 3rd Ave\n'.repeat(50))

describe('documents of port orders', () => {
  it('are put in two steps and got in two steps', async (t) => {
    const { api, ada, url, announce } = await setUpDocuments(t)
    const { order, data } = await announce('/fullpath/to/mybill.pdf')
    assert.equal(data.type, 'portorder-file-url')
    assert.equal(data.links.self, `${url}/v2/portorders/${order}/files/${data.id}`)
    assert.match(data.attributes.expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/)
    const waiting = await api('GET', `/${order}/files/${data.id}`, ada)
    assert.equal(waiting.body.data.type, 'portorder-file')
    assert.equal(waiting.body.data.attributes.status, 'pending')
    const put = await fetch(data.attributes.url, { method: 'PUT', body: pdf })
    assert.equal(put.status, 200)
    assert.equal(put.headers.get('content-length'), '0')
    assert.equal(put.headers.get('etag'), `"${createHash('md5').update(pdf).digest('hex')}"`)
    for (const path of ['files', 'file']) {
      const { body } = await api('GET', `/${order}/${path}/${data.id}`, ada)
      assert.deepEqual(Object.keys(body.data).sort(), ['attributes', 'id', 'links', 'type'])
      assert.equal(body.data.id, data.id)
      assert.equal(body.data.type, 'portorder-file-url')
      assert.equal(body.data.links.self, data.links.self)
      const { url: link, expires } = body.data.attributes
      const parsed = new URL(link)
      assert.match(parsed.pathname, /\/mybill\.pdf$/)
      // The document's own `expires` and `Expires` agree to the second.
      const seconds = Math.floor(Date.parse(expires) / 1000)
      assert.equal(parsed.searchParams.get('Expires'), String(seconds))
      const got = await fetch(link)
      assert.equal(got.status, 200)
      assert.equal(got.headers.get('content-type'), 'application/pdf')
      assert.deepEqual(Buffer.from(await got.arrayBuffer()), pdf)
      const part = await fetch(link, { headers: { range: 'bytes=100-199' } })
      assert.equal(part.status, 206)
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), pdf.subarray(100, 200))
    }
    const { attributes } = (await api('GET', `/${order}`, ada)).body.data
    assert.deepEqual(attributes.business_documents, [
      {
        data: [
          {
            attributes: { filename: '/fullpath/to/mybill.pdf', status: 'uploaded' },
            id: data.id,
            links: { self: data.links.self },
            type: 'portorder-file',
          },
        ],
      },
    ])
  })

  it('are nowhere in the data folder in plain text, the database and its log included', async (t) => {
    const { server, announce, put } = await setUpDocuments(t)
    const { data } = await announce('bill.pdf')
    const secret = randomBytes(24).toString('hex')
    const bytes = Buffer.from(`${secret} `.repeat(5000))
    assert.equal((await put(data, bytes)).status, 200)
    // The data folder, and the database beside it.
    const files = readdirSync(server.folder, { recursive: true, withFileTypes: true })
    const read = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
    assert.ok(isOnPostgres() || read.some((path) => path.endsWith('-wal')))
    assert.ok(read.some((path) => path.includes('port-orders')))
    for (const path of read) assert.equal(readFileSync(path).includes(secret), false, path)
  })

  it('refuse an upload URL that is used, changed, expired, revoked, or of another method', async (t) => {
    const { announce, put, core, ada } = await setUpDocuments(t)
    const { data } = await announce('a.pdf')
    assert.equal((await put(data)).status, 200)
    await refused(await put(data), 403, 'AccessDenied', /used already/)
    await refused(await fetch(data.attributes.url), 403, 'SignatureDoesNotMatch')
    await refused(await fetch(data.attributes.url, { method: 'DELETE' }), 405, 'AccessDenied')
    const other = (await announce('b.pdf')).data
    const forged = other.attributes.url.replace('b.pdf', 'c.pdf')
    await refused(await fetch(forged, { method: 'PUT', body: pdf }), 403, 'SignatureDoesNotMatch')
    const { listGrants } = await import('../../src/core/grants/find-grants.ts')
    const { revokeGrant } = await import('../../src/core/grants/grants.ts')
    const { principalOfAccount } = await import('../support/accounts.ts')
    const { findAccount } = await import('../../src/core/accounts/accounts.ts')
    const account = await findAccount(core, ada.id)
    assert.ok(account !== null)
    const principal = principalOfAccount(account)
    const [grant] = await listGrants(core, principal, { limit: 1 })
    await revokeGrant(core, principal, grant?.id ?? '')
    await refused(await put(other), 403, 'AccessDenied', /revoked/)
  })

  for (const [profile, status] of [
    ['documented', 401],
    ['shipped', 403],
  ] as const) {
    it(`answer an expired URL with ${status} and S3's XML in the ${profile} profile`, async (t) => {
      const { announce, put } = await setUpDocuments(t, {
        CLAIMCHECK_SIGNED_URL_SECONDS: '1',
        CLAIMCHECK_PORT_ORDERS_PROFILE: profile,
      })
      const { data } = await announce('a.pdf')
      let answer = await put(data)
      // One use and then the end of the second are two different refusals.
      for (
        let text = '';
        !text.includes('Request has expired');
        text = await answer.clone().text()
      ) {
        answer = await put(data)
      }
      assert.equal(answer.status, status)
      const challenge = answer.headers.get('www-authenticate')
      assert.equal(challenge, status === 401 ? 'SignedUrl' : null)
      const xml = await answer.text()
      const names = [...xml.matchAll(/<(\w+)>/g)].map(([, name]) => name)
      assert.deepEqual(names, [
        ...['Error', 'Code', 'Message', 'Expires', 'ServerTime', 'RequestId', 'HostId'],
      ])
      assert.match(xml, /<Expires>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ<\/Expires>/)
    })
  }

  it('are refused when too long, announced so or not, and nothing is kept', async (t) => {
    const { announce, put, core, api, ada } = await setUpDocuments(t, {
      CLAIMCHECK_MAX_DOCUMENT_BYTES: '100000',
    })
    const { order, data } = await announce('a.pdf')
    const long = Buffer.alloc(100_001)
    await refused(await put(data, long), 400, 'EntityTooLarge', /<MaxSizeAllowed>100000</)
    const chunked = await fetch(data.attributes.url, {
      method: 'PUT',
      body: new Blob([long, long]).stream(),
      duplex: 'half',
    } as RequestInit)
    await refused(chunked, 400, 'EntityTooLarge')
    for await (const object of core.store.list('')) assert.fail(object.key)
    assert.equal((await put(data, long.subarray(1))).status, 200)
    const { body } = await api('GET', `/${order}/files/${data.id}`, ada)
    assert.equal(body.data.type, 'portorder-file-url')
  })

  it('are refused when their Content-MD5 is another, and taken when it is theirs', async (t) => {
    const { announce } = await setUpDocuments(t)
    const { data } = await announce('a.pdf')
    const put = (md5: string) =>
      fetch(data.attributes.url, { method: 'PUT', body: pdf, headers: { 'content-md5': md5 } })
    await refused(await put('x'), 400, 'InvalidDigest')
    await refused(await put(randomBytes(16).toString('base64')), 400, 'BadDigest')
    assert.equal((await put(createHash('md5').update(pdf).digest('base64'))).status, 200)
  })

  it('are not there when the connection broke, and can be put again', async (t) => {
    const { announce, put, core } = await setUpDocuments(t)
    const { data } = await announce('a.pdf')
    const { hostname, port, pathname, search, host } = new URL(data.attributes.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9000\r\n\r\n`,
    )
    socket.end(pdf.subarray(0, 1000))
    socket.resume()
    await once(socket, 'close')
    assert.equal((await put(data)).status, 200)
    let objects = 0
    for await (const _ of core.store.list('')) objects += 1
    assert.equal(objects, 1)
  })

  it('are shown once when many put to one URL at the same time', async (t) => {
    const { announce, put, core } = await setUpDocuments(t)
    const { data } = await announce('a.pdf')
    const answers = await Promise.all(Array.from({ length: 12 }, () => put(data)))
    const statuses = answers.map((answer) => answer.status).sort()
    assert.deepEqual(statuses, [200, ...Array.from({ length: 11 }, () => 403)])
    let objects = 0
    for await (const _ of core.store.list('')) objects += 1
    assert.equal(objects, 1)
  })

  it('can be put in only while the order is pending or rejected', async (t) => {
    const { announce, put, api, ada, admin } = await setUpDocuments(t)
    const { order, data } = await announce('a.pdf')
    const step = (who: typeof ada, status: string) =>
      api('PATCH', `/${order}/status`, who, { data: { attributes: { status } } })
    await step(ada, 'processing')
    await refused(await put(data), 403, 'AccessDenied', /processing/)
    const late = await api('POST', `/${order}/upload_file`, ada, { filename: 'b.pdf' })
    assert.equal(late.status, 422)
    const pull = await api('POST', `/${order}/files`, ada, { url: 'https://files.example/b.pdf' })
    assert.equal(pull.status, 422)
    await step(admin, 'rejected')
    assert.equal((await put(data)).status, 200)
  })

  it('are not taken from an account that lost its rights after the URL was signed', async (t) => {
    const { announce, put, core, ada } = await setUpDocuments(t)
    const { data } = await announce('a.pdf')
    const { setPermissions, suspendAccount } = await import('../../src/core/accounts/accounts.ts')
    await setPermissions(core, 'system', { accountId: ada.id, permissions: [] })
    await refused(await put(data), 403, 'AccessDenied')
    await suspendAccount(core, 'system', ada.id)
    await refused(await put(data), 403, 'AccessDenied')
  })

  it('take a name that a path ends in, and refuse what is none', async (t) => {
    const { announce, api, ada } = await setUpDocuments(t)
    const { order, data } = await announce('C:\\bills\\Rechnung März #1.pdf')
    assert.match(data.attributes.url, /\/Rechnung%20M%C3%A4rz%20%231\.pdf\?/)
    for (const filename of ['', '/', '..', 'a/..', 'a\u0001b', 'x'.repeat(256), 7, null]) {
      const refusal = await api('POST', `/${order}/upload_file`, ada, { filename })
      assert.equal(refusal.status, 422, String(filename))
    }
    const wrapped = { data: { attributes: { filename: 'w.pdf' } } }
    assert.equal((await api('POST', `/${order}/upload_file`, ada, wrapped)).status, 200)
    assert.equal((await api('GET', `/${order}/files/999999`, ada)).status, 404)
    const other = (await api('POST', '', ada, newOrder())).body.data.id
    assert.equal((await api('GET', `/${other}/files/${data.id}`, ada)).status, 404)
  })
})

async function setUpDocuments(t: Parameters<typeof setUp>[0], environment = {}) {
  const base = await setUp(t, environment)
  const { api, ada } = base
  interface Announced {
    id: string
    type: string
    links: { self: string }
    attributes: { url: string; expires: string }
  }
  return {
    ...base,
    async announce(filename: string): Promise<{ order: string; data: Announced }> {
      const order = (await api('POST', '', ada, newOrder())).body.data.id as string
      const { status, body } = await api('POST', `/${order}/upload_file`, ada, { filename })
      assert.equal(status, 200)
      return { order, data: body.data }
    },
    put: (data: Announced, body: Buffer = pdf) =>
      fetch(data.attributes.url, { method: 'PUT', body: new Uint8Array(body) }),
  }
}

async function refused(
  answer: Response,
  status: number,
  code: string,
  text: RegExp = /./,
): Promise<void> {
  const xml = await answer.text()
  assert.equal(answer.status, status, xml)
  assert.equal(answer.headers.get('content-type'), 'application/xml')
  assert.match(xml, new RegExp(`<Code>${code}</Code>`))
  assert.match(xml, text)
}
