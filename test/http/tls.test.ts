import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request } from 'node:https'
import { describe, it, type TestContext } from 'node:test'
import { connect, type PeerCertificate } from 'node:tls'
import { makeCertificate } from '../support/certificate.ts'
import { missing } from '../support/real-proxy.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

describe('HTTPS', { skip: missing('openssl', 'version') }, () => {
  it('serves the APIs and links to itself, over a certificate that is checked', async (t) => {
    const files = await setUp(t)
    const server = await startTestServer(t, { environment: files.environment })
    assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    const { status, body } = await get(`${server.url}/healthz`, { ca: files.ca })
    assert.equal(status, 200, body)
    await assert.rejects(get(`${server.url}/healthz`, {}), /self-signed certificate/)
  })

  it('sends plain HTTP on, path and query kept, from a port of its own', async (t) => {
    const { environment } = await setUp(t)
    const server = await startTestServer(t, {
      environment: { ...environment, CLAIMCHECK_HTTP_REDIRECT_PORT: '0' },
    })
    const from = `http://127.0.0.1:${server.redirectPort}`
    const answer = await fetch(`${from}/v2/portorders?a=1%202`, { redirect: 'manual' })
    assert.equal(answer.status, 308)
    assert.equal(answer.headers.get('location'), `${server.url}/v2/portorders?a=1%202`)
    const odd = await ask(`${from}/`, { host: 'evil.example/x?' })
    assert.equal(odd.statusCode, 400)
  })

  it('takes a renewed certificate into use without a restart', async (t) => {
    const files = await setUp(t)
    const server = await startTestServer(t, { environment: files.environment })
    const before = await serialOf(server.url)
    files.renew()
    process.emit('SIGHUP')
    await until('the new one is shown', async () => (await serialOf(server.url)) !== before)
  })

  it('needs both files, and says so', async (t) => {
    const { cert, key } = await setUp(t)
    const cases: [Record<string, string>, RegExp][] = [
      [{ CLAIMCHECK_TLS_CERT: cert }, /needs both/],
      [{ CLAIMCHECK_TLS_CERT: cert, CLAIMCHECK_TLS_KEY: `${key}x` }, /TLS_KEY.*cannot be read/],
      [{ CLAIMCHECK_TLS_CERT: key, CLAIMCHECK_TLS_KEY: key }, /not a certificate and its key/],
      [{ CLAIMCHECK_HTTP_REDIRECT_PORT: '0' }, /needs HTTPS/],
    ]
    for (const [environment, expected] of cases) {
      await assert.rejects(startTestServer(t, { environment }), expected)
    }
  })
})

async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t)
  const { cert: ca, files } = makeCertificate(folder)
  const environment = { CLAIMCHECK_TLS_CERT: files.cert, CLAIMCHECK_TLS_KEY: files.key }
  return { ...files, ca, environment, renew: () => makeCertificate(folder) }
}

async function get(
  url: string,
  options: { ca?: string },
): Promise<{ status: number; body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { ...options, agent: false }, resolve)
      .once('error', reject)
      .end()
  })
  return { status: response.statusCode ?? 0, body: await textOf(response) }
}

async function ask(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const [response] = (await once(
    requestHttp(url, { headers, agent: false }).end(),
    'response',
  )) as [IncomingMessage]
  response.resume()
  return response
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return String(Buffer.concat(chunks))
}

async function serialOf(url: string): Promise<string> {
  const { hostname: host, port } = new URL(url)
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate() as PeerCertificate
  socket.destroy()
  return serialNumber
}
