import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { issueClient } from '../../src/auth/issue.ts'
import { createSignIn } from '../../src/auth/sign-in.ts'
import { answerTokenRequest, type TokenFailure } from '../../src/auth/token-endpoint.ts'
import { suspendAccount } from '../../src/core/accounts/accounts.ts'
import { seedAccount } from '../support/accounts.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { openTestCore } from '../support/test-core.ts'

type Fields = [string, string][]

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ada', { permissions: ['rostering'] })
  const client = await issueClient(
    core,
    { actor: 'system', accountId: account.id },
    {
      scopes: ['rostering', 'reading'],
      given: { clientId: 'client-1_x', clientSecret: 'secret-1_x' },
    },
  )
  const signIn = createSignIn(core, parseKeyRing(newKey('k1')))
  const ask = (fields: Fields, authorization?: string) =>
    answerTokenRequest(signIn, { authorization, fields, address: '192.0.2.1' })
  return { core, account, client, signIn, ask }
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const grant: [string, string] = ['grant_type', 'client_credentials']
const id: [string, string] = ['client_id', 'client-1_x']
const secret: [string, string] = ['client_secret', 'secret-1_x']
const right = basic('client-1_x:secret-1_x')

describe('answerTokenRequest()', () => {
  const good: [string, Fields, string?, string?][] = [
    ['credentials in the body (RFC 6749 §2.3.1)', [grant, id, secret]],
    ['credentials by Basic', [grant], right],
    ['Basic form-encoded first, as the RFC asks', [grant], basic('client%2D1%5Fx:secret%2d1_x')],
    ['Basic, and the same id in the body', [grant, id], right],
    ['one scope', [grant, ['scope', 'reading']], right, 'reading'],
    ['a scope twice', [grant, ['scope', 'reading reading']], right, 'reading'],
    [
      'all scopes in another order',
      [grant, ['scope', 'rostering reading']],
      right,
      'rostering reading',
    ],
    ['an empty scope, which counts as none (§3.2)', [grant, ['scope', '']], right],
    ['parameters that mean nothing here', [grant, ['resource', 'x'], ['', 'y']], right],
  ]
  for (const [what, fields, authorization, scope] of good) {
    it(`gives a token for ${what}`, async (t) => {
      const { ask, signIn } = await setUp(t)
      const answer = await ask(fields, authorization)
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.headers, { 'Cache-Control': 'no-store', Pragma: 'no-cache' })
      assert.ok('access_token' in answer.body)
      const { access_token: token, ...rest } = answer.body
      assert.deepEqual(rest, {
        token_type: 'Bearer',
        expires_in: 3600,
        scope: scope ?? 'reading rostering',
      })
      const attempt = {
        authorization: `Bearer ${token}`,
        address: '',
        methods: ['bearer'] as const,
      }
      assert.equal((await signIn.byHeader(attempt)).username, 'ada')
    })
  }

  const bad: [string, Fields, string | undefined, number, string][] = [
    ['nothing', [], undefined, 400, 'invalid_request'],
    ['no grant_type', [id, secret], undefined, 400, 'invalid_request'],
    ['an empty grant_type', [['grant_type', ''], id, secret], undefined, 400, 'invalid_request'],
    ['grant_type twice', [grant, grant], right, 400, 'invalid_request'],
    ['an unknown parameter twice', [grant, ['x', '1'], ['x', '2']], right, 400, 'invalid_request'],
    ['an empty parameter twice', [grant, ['x', ''], ['x', '']], right, 400, 'invalid_request'],
    ['credentials in both places', [grant, id, secret], right, 400, 'invalid_request'],
    ['a secret in both places', [grant, secret], right, 400, 'invalid_request'],
    ['two different ids', [grant, ['client_id', 'x']], right, 400, 'invalid_request'],
    ['another grant', [['grant_type', 'password']], right, 400, 'unsupported_grant_type'],
    ['a scope too many', [grant, ['scope', 'reading admin']], right, 400, 'invalid_scope'],
    ['a scope in upper case', [grant, ['scope', 'Reading']], right, 400, 'invalid_scope'],
    [
      'two spaces in a scope',
      [grant, ['scope', 'reading  rostering']],
      right,
      400,
      'invalid_scope',
    ],
    ['no client', [grant], undefined, 401, 'invalid_client'],
    ['no secret', [grant, id], undefined, 401, 'invalid_client'],
    ['an empty secret', [grant, id, ['client_secret', '']], undefined, 401, 'invalid_client'],
    ['a wrong secret', [grant, id, ['client_secret', 'x']], undefined, 401, 'invalid_client'],
    ['a wrong secret by Basic', [grant], basic('client-1_x:x'), 401, 'invalid_client'],
    ['an unknown client', [grant], basic('x:secret-1_x'), 401, 'invalid_client'],
    ['a broken header', [grant], 'Basic !', 401, 'invalid_client'],
    ['a bearer token', [grant], 'Bearer x', 401, 'invalid_client'],
    [
      'a wrong client and another grant',
      [['grant_type', 'x'], id],
      undefined,
      401,
      'invalid_client',
    ],
  ]
  for (const [what, fields, authorization, status, code] of bad) {
    it(`answers ${status} ${code} to ${what}`, async (t) => {
      const { ask } = await setUp(t)
      const answer = await ask(fields, authorization)
      const body = answer.body as TokenFailure
      assert.deepEqual([answer.status, body.error], [status, code])
      // RFC 6749 §5.2: characters of a description.
      assert.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
      assert.equal(answer.headers['Cache-Control'], 'no-store')
      const challenge = answer.headers['WWW-Authenticate']
      assert.equal(
        challenge,
        status === 401 ? 'Basic realm="Claimcheck", charset="UTF-8"' : undefined,
      )
    })
  }

  it('gives nothing to the client of a suspended account', async (t) => {
    const { core, account, ask } = await setUp(t)
    await suspendAccount(core, 'system', account.id)
    assert.equal((await ask([grant], right)).status, 401)
  })

  it('slows down who guesses, and lets the right secret pass', async (t) => {
    const { ask } = await setUp(t)
    for (let i = 0; i < 5; i += 1)
      assert.equal((await ask([grant], basic('client-1_x:x'))).status, 401)
    const slowed = await ask([grant], basic('client-1_x:x'))
    assert.equal(slowed.status, 429)
    assert.equal(slowed.headers['Retry-After'], '1')
    assert.equal((await ask([grant], right)).status, 200)
  })
})
