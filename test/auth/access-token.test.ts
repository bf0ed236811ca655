import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { accessTokenSeconds } from '../../src/auth/access-token.ts'
import { issueClient, setPassword } from '../../src/auth/issue.ts'
import { createSignIn } from '../../src/auth/sign-in.ts'
import { clientCredentialsGrant, passwordGrant } from '../../src/auth/token-endpoint.ts'
import { reinstateAccount, suspendAccount } from '../../src/core/accounts/accounts.ts'
import { findCredential, revokeCredential } from '../../src/core/accounts/credentials.ts'
import { hasPermission } from '../../src/core/principal.ts'
import { seedAccount } from '../support/accounts.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const key1 = newKey('k1')

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ada', { permissions: ['admin', 'rostering'] })
  const ring = parseKeyRing(key1)
  const signIn = createSignIn(core, ring)
  const issuing = { actor: 'system', accountId: account.id } as const
  const { clientId, credentialId } = await issueClient(core, issuing, {
    scopes: ['rostering', 'reading'],
  })
  const client = await findCredential(core, 'client', clientId)
  assert.ok(client !== null)
  const enter = (token: string, using = signIn) =>
    using.byHeader({
      authorization: `Bearer ${token}`,
      address: '192.0.2.1',
      methods: ['bearer'],
    })
  const { access_token: token } = await clientCredentialsGrant(signIn, client, 'rostering')
  return { core, account, ring, signIn, issuing, client, credentialId, enter, token }
}

/** A token of our form under any header and claims, signed with any secret. */
function forge(header: unknown, claims: unknown, secret: Buffer | null): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part(header)}.${part(claims)}`
  const signature =
    secret === null ? '' : createHmac('sha256', secret).update(text).digest('base64url')
  return `${text}.${signature}`
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

describe('access tokens', () => {
  it('stand for the account, narrowed to their scopes', async (t) => {
    const { account, enter, token } = await setUp(t)
    const principal = await enter(token)
    assert.equal(principal.accountId, account.id)
    assert.deepEqual([...(principal.scopes ?? [])], ['rostering'])
    assert.equal(hasPermission(principal, 'rostering'), true)
    assert.equal(hasPermission(principal, 'admin'), false)
  })

  it('end after an hour, to the second', async (t) => {
    const { core, enter, token } = await setUp(t)
    core.clock.pass(accessTokenSeconds * 1000 - 1)
    await enter(token)
    core.clock.pass(1)
    const { details } = await refusal('unauthenticated', enter(token))
    assert.deepEqual(details, { reason: 'expired', scheme: 'bearer' })
  })

  it('die with their account and with their client', async (t) => {
    const { core, account, credentialId, enter, token } = await setUp(t)
    await suspendAccount(core, 'system', account.id)
    await refusal('unauthenticated', enter(token))
    await reinstateAccount(core, 'system', account.id)
    await enter(token)
    await revokeCredential(core, 'system', credentialId)
    await refusal('unauthenticated', enter(token))
  })

  it('by a password die with it', async (t) => {
    const { core, signIn, issuing, enter } = await setUp(t)
    await setPassword(core, issuing, 'first password')
    const attempt = { username: 'Ada', password: 'first password', address: '192.0.2.1' }
    const { token } = await passwordGrant(signIn, attempt)
    const principal = await enter(token.access_token)
    assert.equal(principal.scopes, null)
    assert.equal(hasPermission(principal, 'admin'), true)
    await assert.rejects(passwordGrant(signIn, { ...attempt, password: 'no' }), {
      code: 'invalid_grant',
    })
    await setPassword(core, issuing, 'second password')
    await refusal('unauthenticated', enter(token.access_token))
  })

  it('survive a rotation as long as their key is in the ring', async (t) => {
    const { core, enter, token } = await setUp(t)
    const both = createSignIn(core, parseKeyRing(`${newKey('k2')},${key1}`))
    await enter(token, both)
    await refusal('unauthenticated', enter(token, createSignIn(core, parseKeyRing(newKey('k2')))))
    await refusal('unauthenticated', enter(token, createSignIn(core, parseKeyRing(newKey('k1')))))
  })

  it('are refused when anything in them is not as we make it', async (t) => {
    const { core, ring, enter, token } = await setUp(t)
    const secret = ring.first.secretFor('access-token')
    const header = { alg: 'HS256', typ: 'at+jwt', kid: 'k1' }
    const claims = claimsOf(token)
    await enter(forge(header, claims, secret))
    const other = await seedAccount(core, 'bob', { permissions: ['admin'] })
    const wrong: Record<string, string> = {
      'alg none': forge({ ...header, alg: 'none' }, claims, null),
      'alg none with a signature': forge({ ...header, alg: 'none' }, claims, secret),
      'alg None': forge({ ...header, alg: 'None' }, claims, null),
      'another algorithm': forge({ ...header, alg: 'HS384' }, claims, secret),
      'an asymmetric algorithm': forge({ ...header, alg: 'RS256' }, claims, secret),
      'another type': forge({ ...header, typ: 'JWT' }, claims, secret),
      'no type': forge({ alg: 'HS256', kid: 'k1' }, claims, secret),
      'no key id': forge({ alg: 'HS256', typ: 'at+jwt' }, claims, secret),
      'an unknown key id': forge({ ...header, kid: 'k9' }, claims, secret),
      'a path as key id': forge({ ...header, kid: '../../dev/null' }, claims, Buffer.alloc(0)),
      'a key id that is no text': forge({ ...header, kid: ['k1'] }, claims, secret),
      'a key of its own': forge(
        { ...header, jwk: { kty: 'oct', k: 'AAAA' }, jku: 'http://127.0.0.1:9/' },
        claims,
        Buffer.from('AAAA', 'base64'),
      ),
      'a critical extension': forge({ ...header, crit: ['x'], x: 1 }, claims, secret),
      'the secret of signed URLs': forge(header, claims, ring.first.secretFor('signed-url')),
      'no secret': forge(header, claims, Buffer.alloc(0)),
      'another issuer': forge(header, { ...claims, iss: 'https://evil.example' }, secret),
      'another audience': forge(header, { ...claims, aud: 'elsewhere' }, secret),
      'no expiry': forge(header, { ...claims, exp: undefined }, secret),
      'an expiry that is no number': forge(header, { ...claims, exp: '9999999999' }, secret),
      'no credential': forge(header, { ...claims, cid: undefined }, secret),
      'an unknown credential': forge(header, { ...claims, cid: 'nothing' }, secret),
      'a credential that is no text': forge(header, { ...claims, cid: { $ne: '' } }, secret),
      'somebody else’s credential': forge(header, { ...claims, sub: other.id }, secret),
      'no subject': forge(header, { ...claims, sub: undefined }, secret),
      'over-long': forge(header, { ...claims, scope: 'x'.repeat(6500) }, secret),
      'two parts': token.split('.').slice(0, 2).join('.'),
      'four parts': `${token}.x`,
      'an empty signature': token.replace(/[^.]+$/, ''),
      dots: '..',
    }
    for (const [what, forged] of Object.entries(wrong)) {
      const entering = enter(forged)
      const { details } = await refusal('unauthenticated', entering)
      assert.equal(details.reason, 'wrong', what)
    }
  })

  it('are refused with any one character changed', async (t) => {
    const { enter, token } = await setUp(t)
    const last = token.length - 1
    for (let i = 0; i < token.length; i += 1) {
      if (token[i] === '.') continue
      // The last character has two bits that mean nothing: 'A' to 'E' changes one that does.
      const other = i === last ? (token[i] === 'A' ? 'E' : 'A') : token[i] === 'A' ? 'B' : 'A'
      const forged = token.slice(0, i) + other + token.slice(i + 1)
      await refusal('unauthenticated', enter(forged))
    }
  })

  it('keep no scope that the client has lost since', async (t) => {
    const { core, signIn, issuing, enter } = await setUp(t)
    const given = { clientId: 'given-client', clientSecret: 'given-client-secret' }
    await issueClient(core, issuing, { scopes: ['rostering'], given })
    const client = await findCredential(core, 'client', given.clientId)
    assert.ok(client !== null)
    const token = await signIn.accessTokens.issue(client, ['rostering', 'admin'])
    const principal = await enter(token)
    assert.deepEqual([...(principal.scopes ?? [])], ['rostering'])
  })
})
