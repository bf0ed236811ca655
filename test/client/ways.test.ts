import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { makeCertificate } from '../support/certificate.ts'
import { someBytes, startHostileServer } from '../support/hostile-server.ts'
import { missing } from '../support/real-proxy.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

it('gets files over HTTPS from a server whose certificate is trusted', {
  skip: missing('openssl', 'version'),
}, async (t) => {
  const cwd = await temporaryFolder(t)
  const { cert, key, files } = makeCertificate(cwd)
  const bytes = someBytes(3_000_000)
  const answer: RequestListener = (request, response) => {
    const body = request.url === '/a.bin' ? bytes : bytes.subarray(0, 1000)
    response.writeHead(200, { 'content-length': body.length }).end(body)
  }
  const server = createHttps({ cert, key }, answer)
  const port = await listen(t, server)
  const run = (host: string, name: string, env: Record<string, string>) =>
    runMain(['get', `https://${host}:${port}/${name}`], {
      cwd,
      env: { XDG_CONFIG_HOME: cwd, ...env },
    })
  const trusted = { NODE_EXTRA_CA_CERTS: files.cert }
  const [large, small] = [
    await run('127.0.0.1', 'a.bin', trusted),
    await run('localhost', 'b.bin', trusted),
  ]
  assert.equal(large.code, 0, large.err)
  assert.ok((await readFile(join(cwd, 'a.bin'))).equals(bytes))
  assert.equal(small.code, 0, small.err)
  assert.ok((await readFile(join(cwd, 'b.bin'))).equals(bytes.subarray(0, 1000)))
  const strange = await run('127.0.0.1', 'c.bin', {})
  assert.equal(strange.code, 9)
  // Once: another attempt would meet the same certificate.
  assert.match(
    strange.err,
    /^FAILED {2}c\.bin: https:\S+ does not answer: its certificate is not trusted; .+ \(\w+_CERT\)\.\n/,
  )
  const { url } = await startHostileServer(t)
  const plain = await runMain(['ls', `${url.replace('http:', 'https:')}/v1/deliveries/x`], { cwd })
  assert.equal(plain.code, 9)
  assert.match(plain.err, /^https:\S+ does not answer: it does not speak TLS there; .+\)\.\n$/)
})

it('goes through the proxy of the environment', async (t) => {
  const cwd = await temporaryFolder(t)
  const server = await startHostileServer(t)
  const bytes = someBytes(2_000_000)
  server.files.set('/a.bin', { bytes, etag: null })
  const through: string[] = []
  // One version of Node asks by the whole address, another for a tunnel.
  const proxy = createHttp(({ url = '' }, response) => {
    through.push(new URL(url).host)
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  })
  proxy.on('connect', ({ url = '' }, socket) => {
    through.push(url)
    const { hostname, port } = new URL(`http://${url}`)
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  const port = await listen(t, proxy)
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${port}` }
  const { code, err } = await runMain(['get', `${server.url}/a.bin`], { cwd, env })
  assert.equal(code, 0, err)
  assert.deepEqual(new Set(through), new Set([new URL(server.url).host]))
  assert.ok((await readFile(join(cwd, 'a.bin'))).equals(bytes))
})
