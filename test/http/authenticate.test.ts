import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { fastify } from 'fastify'
import { issueKeyPair, issueToken } from '../../src/auth/issue.ts'
import { createSignIn } from '../../src/auth/sign-in.ts'
import { DeliveryError } from '../../src/core/errors.ts'
import {
  authenticate,
  type Challenges,
  principalOf,
  wwwAuthenticate,
} from '../../src/http/authenticate.ts'
import { seedAccount } from '../support/accounts.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { openTestCore } from '../support/test-core.ts'

async function setUp(t: TestContext, challenges: Challenges) {
  const core = await openTestCore(t)
  const { id: accountId } = await seedAccount(core, 'ada')
  const issuing = { actor: 'system', accountId } as const
  const app = fastify()
  t.after(() => app.close())
  app.addHook('onRequest', authenticate(createSignIn(core, parseKeyRing(newKey('k1'))), challenges))
  app.setErrorHandler((error, _request, reply) => {
    assert.ok(error instanceof DeliveryError)
    return reply.code(error.code === 'locked_out' ? 429 : 401).send(error.code)
  })
  app.get('/', async (request) => principalOf(request).username)
  const ask = (authorization?: string) =>
    app.inject({ url: '/', headers: authorization === undefined ? {} : { authorization } })
  return { core, issuing, ask }
}

describe('authenticate()', () => {
  it('lets in whom the header proves, and challenges the others', async (t) => {
    const { core, issuing, ask } = await setUp(t, { methods: ['basic-key', 'bearer'], realm: 'R' })
    const { token } = await issueToken(core, issuing)
    assert.equal((await ask(`Bearer ${token}`)).body, 'ada')
    const nobody = await ask()
    assert.equal(nobody.statusCode, 401)
    assert.equal(
      nobody.headers['www-authenticate'],
      'Bearer realm="R", Basic realm="R", charset="UTF-8"',
    )
    const wrong = await ask('Bearer wrong')
    assert.equal(
      wrong.headers['www-authenticate'],
      'Bearer realm="R", error="invalid_token", Basic realm="R", charset="UTF-8"',
    )
  })

  it('says when a token has expired', async (t) => {
    const { core, issuing, ask } = await setUp(t, { methods: ['bearer'], scope: 'rostering' })
    const { token } = await issueToken(core, issuing, { expiresAt: core.clock() + 1 })
    core.clock.pass(1)
    assert.equal(
      (await ask(`Bearer ${token}`)).headers['www-authenticate'],
      'Bearer realm="Claimcheck", error="invalid_token", error_description="The access token expired", scope="rostering"',
    )
  })

  it('says when one may try again', async (t) => {
    const { core, issuing, ask } = await setUp(t, { methods: ['basic-key'] })
    const { accessKey } = await issueKeyPair(core, issuing)
    const wrong = `Basic ${Buffer.from(`${accessKey}:no`).toString('base64')}`
    for (let i = 0; i < 5; i += 1) {
      const { headers } = await ask(wrong)
      assert.equal(headers['www-authenticate'], 'Basic realm="Claimcheck", charset="UTF-8"')
    }
    const locked = await ask(wrong)
    assert.equal(locked.statusCode, 429)
    assert.equal(locked.headers['retry-after'], '1')
    assert.equal(locked.headers['www-authenticate'], undefined)
  })
})

describe('wwwAuthenticate()', () => {
  it('names the scope that a token lacks (RFC 6750 §3.1)', () => {
    const error = new DeliveryError('insufficient_scope', 'x')
    assert.equal(
      wwwAuthenticate(error, { methods: ['bearer'], realm: 'a "b"', scope: 'rostering' }),
      'Bearer realm="a \\"b\\"", error="insufficient_scope", scope="rostering"',
    )
  })
})
