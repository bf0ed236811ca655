import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { before, describe, it, type TestContext } from 'node:test'
import { createServer } from 'node:tls'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'
import { type Certificate, makeCertificate, trust } from '../support/certificate.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { missing } from '../support/real-proxy.ts'
import { openTestS3 } from '../support/s3-store.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('a bucket over TLS', { skip: missing('openssl', 'version') }, () => {
  const cleanup = suiteCleanup()
  let certificate: Certificate
  let environment: Record<string, string>
  before(async () => {
    certificate = makeCertificate(await temporaryFolder(cleanup))
    environment = await startBehindTls(cleanup, certificate)
  })

  it('is not spoken to while nobody vouches for its certificate', async (t) => {
    const opening = openTestS3(t, environment, { patienceMs: 500 })
    await assert.rejects(opening, /vouches for the certificate .* NODE_EXTRA_CA_CERTS/)
  })

  it('is written and read once its certificate is trusted', async (t) => {
    trust(certificate)
    const store = await openTestS3(t, environment)
    const bytes = patternBytes(300_000)
    await store.put('a', inChunks(bytes))
    const read = await gather(store.read('a', { start: 0, end: bytes.length }))
    assert.ok(read.equals(bytes))
  })
})

/** A fake store that is reached by TLS alone. */
async function startBehindTls(
  cleanup: Pick<TestContext, 'after'>,
  certificate: Certificate,
): Promise<Record<string, string>> {
  const { endpoint, environment } = await startFakeS3(cleanup)
  const { hostname, port } = new URL(endpoint)
  const server = createServer({ ...certificate }, (socket) => {
    const inner = connect(Number(port), hostname)
    socket.pipe(inner).pipe(socket)
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.after(() => void server.close())
  const ours = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { CLAIMCHECK_STORAGE_URL: url = '' } = environment
  return { ...environment, CLAIMCHECK_STORAGE_URL: url.replace(endpoint, ours) }
}
