import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTestAccount, startTestServer } from '../support/test-server.ts'

/** One known path of each API, a method that it does not take, what it takes, and where the body says so. */
const refusals = [
  ['PUT', '/api/downloads/1', 'GET, HEAD', 'errors'],
  ['DELETE', '/api/v1/rs-order/user/orders/1/files/available', 'GET, HEAD', 'messages'],
  ['GET', '/api/v1/rs-order/orders/1/restart?token=x', 'POST', 'messages'],
  ['POST', '/api/v1/rs-catalog/URN/files/abc', 'GET, HEAD', 'messages'],
  ['GET', '/api/v1/rs-authentication/oauth/token', 'POST', 'messages'],
  ['POST', '/api_file/v1/ACME/', 'GET, HEAD', 'error'],
  ['GET', '/api/v1/upload', 'POST', 'message'],
  ['GET', '/api/v1/upload/api/v1/upload', 'POST', 'message'],
  ['DELETE', '/api/v1/status/1', 'GET, HEAD', 'message'],
  ['POST', '/api/v1/upload/api/v1/download/1', 'GET, HEAD', 'message'],
  ['GET', '/api/v1/oauth2/tokens', 'POST', 'error'],
  ['PUT', '/v2/portorders/1', 'GET, HEAD, PATCH', 'errors'],
  ['PUT', '/v1/me', 'GET, HEAD', 'detail'],
  ['POST', '/healthz', 'GET, HEAD', 'detail'],
] as const

/** An address of the same API that is none. */
const unknown = [
  ['/api/downloads/1/2/3', 'errors'],
  ['/api/v1/rs-order/user/nothing', 'messages'],
  ['/api/v1/status/1/2', 'message'],
  ['/v2/portorders/1/2/3/4', 'errors'],
  ['/v1/nothing', 'detail'],
] as const

describe('a method that a known path does not take', () => {
  it('is refused by 405 with Allow, in the form of its API; an unknown path by 404', async (t) => {
    const { core, url } = await startTestServer(t)
    const { headers } = await createTestAccount(core, 'ada', { permissions: ['rostering'] })
    for (const [method, path, allow, member] of refusals) {
      const answer = await fetch(url + path, { method, headers })
      assert.equal(answer.status, 405, `${method} ${path}`)
      assert.equal(answer.headers.get('allow'), allow, `${method} ${path}`)
      assert.ok(member in ((await answer.json()) as object), `${method} ${path}`)
    }
    for (const [path, member] of unknown) {
      const answer = await fetch(url + path, { headers })
      assert.equal(answer.status, 404, path)
      assert.equal(answer.headers.get('allow'), null, path)
      assert.ok(member in ((await answer.json()) as object), path)
    }
  })
})
