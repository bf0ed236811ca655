import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { someBytes, startHostileServer } from '../support/hostile-server.ts'
import { runMain } from '../support/run-main.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

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
  skip: noOpenssl,
}, async (t) => {
  const cwd = await temporaryFolder(t)
  const [cert, key] = [join(cwd, 'cert.pem'), join(cwd, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ],
    { stdio: 'ignore' },
  )
  const bytes = someBytes(3_000_000)
  const answer: RequestListener = (request, response) => {
    const body = request.url === '/a.bin' ? bytes : bytes.subarray(0, 1000)
    response.writeHead(200, { 'content-length': body.length }).end(body)
  }
  const server = createHttps({ cert: readFileSync(cert), key: readFileSync(key) }, answer)
  const port = await listen(t, server)
  const run = (host: string, name: string, env: Record<string, string>) =>
    runMain(['get', `https://${host}:${port}/${name}`], {
      cwd,
      env: { XDG_CONFIG_HOME: cwd, ...env },
    })
  const trusted = { NODE_EXTRA_CA_CERTS: cert }
  const [large, small] = [
    await run('127.0.0.1', 'a.bin', trusted),
    await run('localhost', 'b.bin', trusted),
  ]
  assert.equal(large.code, 0, large.err)
  assert.ok((await readFile(join(cwd, 'a.bin'))).equals(bytes))
  assert.equal(small.code, 0, small.err)
  assert.ok((await readFile(join(cwd, 'b.bin'))).equals(bytes.subarray(0, 1000)))
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
