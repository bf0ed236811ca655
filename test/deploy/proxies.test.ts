import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { patternBytes, sha256 } from '../support/bytes.ts'
import { openEventStream } from '../support/event-stream.ts'
import { missing, prepareCaddy, prepareNginx, type RealProxy } from '../support/real-proxy.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount } from '../support/test-server.ts'
import { startWorld } from '../support/v1-world.ts'

const megabyte = 1024 * 1024
const noNginx = missing('nginx', '-v') || missing('openssl', 'version')

describe('deploy/nginx.conf in a real nginx', { skip: noNginx }, () => {
  it('hands on ranges, events and uploads as they come, and says who calls', async (t) => {
    await prove(t, await prepareNginx(t, await temporaryFolder(t)))
  })
})

describe('deploy/Caddyfile in a real Caddy', { skip: missing('caddy', 'version') }, () => {
  it('hands on ranges, events and uploads as they come, and says who calls', async (t) => {
    await prove(t, await prepareCaddy(t, await temporaryFolder(t)))
  })
})

async function prove(t: TestContext, proxy: RealProxy): Promise<void> {
  const { server, ada } = await startWorld(t, {
    CLAIMCHECK_PUBLIC_URL: proxy.url,
    CLAIMCHECK_TRUSTED_PROXIES: '127.0.0.1,::1',
  })
  await proxy.start(Number(new URL(server.url).port))
  const { headers } = await createTestAccount(server.core, 'paula', {
    permissions: ['publish:acme/S', 'study:acme'],
  })

  // An upload far beyond what proxies take by default, in two requests.
  const bytes = patternBytes(5 * megabyte)
  const tus = { ...headers, 'tus-resumable': '1.0.0' }
  const created = await fetch(`${proxy.url}/v1/uploads`, {
    method: 'POST',
    headers: {
      ...tus,
      'upload-length': String(bytes.length),
      'upload-metadata': `filename ${base64('big file.bin')},study ${base64('acme/S/D')}`,
    },
  })
  assert.equal(created.status, 201, await created.text())
  const upload = created.headers.get('location') ?? ''
  assert.ok(upload.startsWith(`${proxy.url}/`), upload)
  for (const [start, end] of [
    [0, 3 * megabyte],
    [3 * megabyte, bytes.length],
  ] as const) {
    const sent = await fetch(upload, {
      method: 'PATCH',
      headers: {
        ...tus,
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(start),
      },
      body: new Uint8Array(bytes.subarray(start, end)),
    })
    assert.equal(sent.status, 204, await sent.text())
  }

  // Its listing leads back through the proxy, to the same bytes.
  const listing = await fetch(`${proxy.url}/api_file/v1/acme/S/D`, { headers })
  const [entry] = (await listing.json()) as { url: string }[]
  assert.ok(entry)
  assert.ok(entry.url.startsWith(`${proxy.url}/`), entry.url)
  const whole = await fetch(entry.url, { headers })
  assert.equal(whole.headers.get('content-length'), String(bytes.length))
  assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(bytes))
  const etag = whole.headers.get('etag') ?? ''
  assert.match(etag, /^"/)
  const range = { ...headers, range: 'bytes=4000000-4000099', 'if-range': etag }
  const part = await fetch(entry.url, { headers: range })
  assert.equal(part.status, 206)
  assert.equal(part.headers.get('content-range'), `bytes 4000000-4000099/${bytes.length}`)
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(4000000, 4000100))
  const same = await fetch(entry.url, { headers: { ...headers, 'if-none-match': etag } })
  assert.equal(same.status, 304)

  // An event comes while its stream is open; a signed URL works, and does not reach the log.
  const stream = await openEventStream(`${proxy.url}/v1/events`, { headers: ada.headers })
  t.after(() => stream.leave())
  assert.equal(stream.status, 200)
  const asked = await fetch(`${proxy.url}/api/downloads`, {
    method: 'POST',
    headers: { ...ada.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ download: { download_type: 'hello' } }),
  })
  assert.equal(asked.status, 201)
  const { download } = (await asked.json()) as { download: { id: string } }
  for (;;) {
    const event = await stream.next()
    assert.ok(event, 'the stream has ended')
    if (event.data?.includes(download.id)) break
  }
  const waited = await fetch(`${proxy.url}/v1/deliveries/${download.id}`, {
    headers: { ...ada.headers, prefer: 'wait=60' },
  })
  assert.match(await waited.text(), /"done"/)
  const file = await fetch(`${proxy.url}/api/downloads/${download.id}/file`, {
    headers: ada.headers,
    redirect: 'manual',
  })
  assert.equal(file.status, 302)
  const signed = file.headers.get('location') ?? ''
  assert.match(signed, /Signature=/)
  assert.equal(await (await fetch(signed)).text(), 'Hello\n')
  assert.doesNotMatch(proxy.accessLog(), /Signature=/)
  assert.match(proxy.accessLog(), /hello\.txt/)

  const metrics = await fetch(`${proxy.url}/metrics`)
  assert.equal(metrics.status, 404)
  const forged = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'gopher' }
  assert.equal((await fetch(`${proxy.url}/metrics`, { headers: forged })).status, 404)
  if (proxy.plainUrl === null) return
  const plain = await fetch(`${proxy.plainUrl}/v1/a?b=c`, { redirect: 'manual' })
  assert.equal(plain.status, 308)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
