import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { fastify } from 'fastify'
import { issueClient } from '../../src/auth/issue.ts'
import { createSignIn } from '../../src/auth/sign-in.ts'
import { tokenRoutes } from '../../src/http/token-routes.ts'
import { rememberMethods } from '../../src/http/unrouted.ts'
import { seedAccount } from '../support/accounts.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { openTestCore } from '../support/test-core.ts'

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const { id: accountId } = await seedAccount(core, 'ada', { permissions: ['rostering'] })
  const client = await issueClient(core, { actor: 'system', accountId }, { scopes: ['rostering'] })
  const app = fastify()
  rememberMethods(app)
  t.after(() => app.close())
  const signIn = createSignIn(core, parseKeyRing(newKey('k1')))
  await app.register(tokenRoutes({ signIn }), { prefix: '/oauth2/token' })
  await app.register(tokenRoutes({ signIn }), { prefix: '/api/v1/upload/v1/oauth2/tokens' })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const post = (body: RequestInit['body'], headers: Record<string, string> = {}) =>
    fetch(`${origin}/oauth2/token`, { method: 'POST', body: body ?? null, headers })
  const fields = {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
  }
  return { origin, post, fields }
}

function formData(fields: Record<string, string>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  return form
}

describe('tokenRoutes()', () => {
  it('takes the urlencoded and the multipart form, wherever it is mounted', async (t) => {
    const { origin, fields } = await setUp(t)
    for (const path of ['/oauth2/token', '/api/v1/upload/v1/oauth2/tokens']) {
      for (const body of [new URLSearchParams(fields), formData(fields)]) {
        const response = await fetch(origin + path, { method: 'POST', body })
        assert.equal(response.status, 200)
        assert.equal(response.headers.get('cache-control'), 'no-store')
        assert.equal(response.headers.get('pragma'), 'no-cache')
        assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
        const { access_token: token, ...rest } = (await response.json()) as Record<string, unknown>
        assert.match(String(token), /^[\w-]+\.[\w-]+\.[\w-]+$/)
        assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 3600, scope: 'rostering' })
      }
    }
  })

  it('sees what is repeated, in either form', async (t) => {
    const { post, fields } = await setUp(t)
    const twice = formData(fields)
    twice.append('client_id', fields.client_id)
    for (const body of [
      new URLSearchParams([...Object.entries(fields), ['scope', 'a'], ['scope', 'a']]),
      twice,
    ]) {
      const response = await post(body)
      assert.equal(response.status, 400)
      assert.equal(((await response.json()) as { error: string }).error, 'invalid_request')
    }
  })

  it('answers 400 invalid_request to what is no small form', async (t) => {
    const { post, fields } = await setUp(t)
    const withFile = formData(fields)
    withFile.append('file', new Blob(['x']), 'x.txt')
    const bodies: [RequestInit['body'], Record<string, string>?][] = [
      [null],
      ['{}', { 'Content-Type': 'application/json' }],
      ['x', { 'Content-Type': 'text/plain' }],
      ['x', { 'Content-Type': 'multipart/form-data' }],
      ['x', { 'Content-Type': 'multipart/form-data; boundary=y' }],
      [new URLSearchParams({ ...fields, x: 'x'.repeat(20_000) })],
      [formData({ ...fields, x: 'x'.repeat(20_000) })],
      [withFile],
    ]
    for (const [body, headers] of bodies) {
      const response = await post(body, headers)
      assert.equal(response.status, 400)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.equal(((await response.json()) as { error: string }).error, 'invalid_request')
    }
  })

  it('challenges a client that is wrong, and takes POST only', async (t) => {
    const { origin, post, fields } = await setUp(t)
    const wrong = await post(new URLSearchParams({ ...fields, client_secret: 'x' }))
    assert.equal(wrong.status, 401)
    assert.match(wrong.headers.get('www-authenticate') ?? '', /^Basic realm=/)
    const get = await fetch(`${origin}/oauth2/token?${new URLSearchParams(fields)}`)
    assert.equal(get.status, 405)
    assert.equal(get.headers.get('allow'), 'POST')
  })
})
