import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  createTestAccount,
  startTestServer,
  type TestServerOptions,
} from '../support/test-server.ts'

const basic = { authorization: 'Basic Y2xpZW50OnNlY3JldA==' }

describe('the token endpoint of the orders API', () => {
  const ways: [
    string,
    (ada: { username: string; password: string }) => RequestInit & { query?: string },
  ][] = [
    [
      'JSON',
      ({ username, password }) => ({
        headers: { ...basic, 'content-type': 'application/json' },
        body: JSON.stringify({ username, password, grant_type: 'password' }),
      }),
    ],
    [
      'a form',
      ({ username, password }) => ({
        headers: basic,
        body: new URLSearchParams({ username, password, grant_type: 'password' }),
      }),
    ],
    [
      'the query',
      ({ username, password }) => ({
        headers: basic,
        query: `&${new URLSearchParams({ username, password, grant_type: 'password' })}`,
      }),
    ],
    [
      'JSON over the query',
      ({ username, password }) => ({
        headers: { ...basic, 'content-type': 'application/json' },
        body: JSON.stringify({ username, password, grant_type: 'password' }),
        query: '&username=nobody&password=wrong&grant_type=x',
      }),
    ],
  ]
  for (const [what, make] of ways) {
    it(`takes the password grant as ${what}`, async (t) => {
      const { server, ada, ask } = await setUp(t)
      const { query = '', ...init } = make(ada)
      const answer = await ask(`?scope=acme${query}`, init)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.equal(answer.headers.get('pragma'), 'no-cache')
      const { access_token, ...rest } = answer.body
      assert.deepEqual(rest, {
        email: 'ada',
        expires_in: 3600,
        role: 'REGISTERED_USER',
        scope: 'acme',
        sub: 'ada',
        tenant: 'acme',
        token_type: 'bearer',
      })
      const orders = `${server.url}/api/v1/rs-order/user/orders`
      const headers = { authorization: `Bearer ${access_token}` }
      assert.equal((await fetch(orders, { headers })).status, 200)
      assert.equal((await fetch(`${orders}?token=${access_token}`)).status, 200)
    })
  }

  it('refuses wrong users with 400, without telling what is wrong', async (t) => {
    const { ada, ask } = await setUp(t)
    const grant = (fields: Record<string, string>, query = '') =>
      ask(query, { headers: basic, body: new URLSearchParams(fields) })
    const right = { grant_type: 'password', username: 'ada', password: ada.password }
    const wrong = await grant({ ...right, password: 'x' })
    const unknown = await grant({ ...right, username: 'nobody' })
    assert.deepEqual([wrong.status, unknown.status], [400, 400])
    assert.deepEqual(wrong.body, unknown.body)
    assert.deepEqual(wrong.body.additionalInformation, { error: 'ACCOUNT_UNKNOWN' })
    assert.equal(wrong.body.error, 'invalid_grant')
    for (const [fields, query, error] of [
      [{ ...right, grant_type: 'implicit' }, '', 'unsupported_grant_type'],
      [{ grant_type: 'password', username: 'ada' }, '', 'invalid_request'],
      [right, '?scope=other', 'invalid_scope'],
    ] as const) {
      const answer = await grant(fields, query)
      assert.deepEqual([answer.status, answer.body.error], [400, error])
    }
    const broken = await ask('', {
      headers: { ...basic, 'content-type': 'application/json' },
      body: '{',
    })
    assert.deepEqual([broken.status, broken.body.error], [400, 'invalid_request'])
  })

  const clients: [string, string | undefined, string][] = [
    ['none', undefined, 'Authentication required'],
    ['another scheme', 'Bearer x', 'Basic Authorization required'],
    ['an empty one', 'Basic ', 'Empty Basic Authorization token'],
    ['an unreadable one', 'Basic %%%', 'Failed to decode basic authentication token'],
    ['no pair', `Basic ${btoa('x')}`, 'Invalid Basic Authorization token'],
    ['a wrong pair', `Basic ${btoa('client:wrong')}`, 'Invalid Basic Authorization token'],
  ]
  it('refuses wrong clients with 401 and a text', async (t) => {
    const { ada, ask } = await setUp(t, { environment: { CLAIMCHECK_ORDERS_PROFILE: 'shipped' } })
    const { username, password, clientId, clientSecret } = ada
    const body = new URLSearchParams({ grant_type: 'password', username, password })
    for (const [what, authorization, text] of clients) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      const answer = await ask('', { headers, body })
      assert.deepEqual([answer.status, answer.text], [401, text], what)
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/)
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm=/)
    }
    const own = { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` }
    assert.equal((await ask('', { headers: own, body })).status, 200)
  })

  it('does without a client in the documented profile', async (t) => {
    const { ada, ask } = await setUp(t)
    const { username, password } = ada
    const body = new URLSearchParams({ grant_type: 'password', username, password })
    assert.equal((await ask('', { body })).status, 200)
  })
})

async function setUp(t: TestContext, options: TestServerOptions = {}) {
  const server = await startTestServer(t, options)
  const ada = await createTestAccount(server.core, 'ada', { permissions: ['order'] })
  async function ask(query: string, init: RequestInit) {
    const url = `${server.url}/api/v1/rs-authentication/oauth/token${query}`
    const response = await fetch(url, { method: 'POST', ...init })
    const text = await response.text()
    const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
    return { status: response.status, headers: response.headers, body, text }
  }
  return { server, ada, ask }
}
