import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { issueClient, issueKeyPair, issueToken, setPassword } from '../../src/auth/issue.ts'
import { createSignIn, type SignInMethod } from '../../src/auth/sign-in.ts'
import {
  reinstateAccount,
  setPermissions,
  suspendAccount,
} from '../../src/core/accounts/accounts.ts'
import { findCredential, revokeCredential } from '../../src/core/accounts/credentials.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const every: readonly SignInMethod[] = ['basic-password', 'basic-key', 'bearer']

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ada', { permissions: ['download:x'] })
  const signIn = createSignIn(core, parseKeyRing(newKey('k1')))
  const issuing = { actor: 'system', accountId: account.id } as const
  const enter = (
    authorization: string | undefined,
    { methods = every, address = '192.0.2.1' } = {},
  ) => signIn.byHeader({ authorization, address, methods })
  /** Ada, as this credential has proved her. */
  const adaBy = ({ credentialId }: { credentialId: string }) => ({
    ...principalOfAccount(account),
    credentialId,
  })
  return { core, account, signIn, issuing, enter, adaBy }
}

function basic(username: string, password: string, encoding: BufferEncoding = 'utf8'): string {
  return `Basic ${Buffer.from(`${username}:${password}`, encoding).toString('base64')}`
}

describe('signing in with a password', () => {
  it('gives the account, in whatever case its name is written', async (t) => {
    const { core, enter, issuing, adaBy } = await setUp(t)
    const ada = adaBy(await setPassword(core, issuing, 'correct horse'))
    assert.deepEqual(await enter(basic('ada', 'correct horse')), ada)
    assert.deepEqual(await enter(basic('ADA', 'correct horse')), ada)
    assert.deepEqual(await enter(basic('ada', 'correct horse').replace('Basic ', 'bAsIc   ')), ada)
    const wrong = await refusal('unauthenticated', enter(basic('ada', 'Correct horse')))
    assert.deepEqual(wrong.details, { reason: 'wrong', scheme: 'basic' })
  })

  it('takes colons and any script in passwords, in UTF-8 or, as some clients send it, Latin-1', async (t) => {
    const { core, enter, issuing, adaBy } = await setUp(t)
    for (const password of [':::::::::', 'a:b:c:d:e', 'пароль-密码', ' leading and trailing ']) {
      const set = await setPassword(core, issuing, password)
      assert.deepEqual(await enter(basic('ada', password)), adaBy(set))
    }
    const set = await setPassword(core, issuing, 'pässwörter')
    assert.deepEqual(await enter(basic('ada', 'pässwörter', 'latin1')), adaBy(set))
  })

  it('says the same of an unknown user, a wrong password, one shut out and one without a password', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    await seedAccount(core, 'nopassword')
    const shutOut = await seedAccount(core, 'shutout')
    await setPassword(core, { ...issuing, accountId: shutOut.id }, 'correct horse')
    await suspendAccount(core, 'system', shutOut.id)
    await setPassword(core, issuing, 'correct horse')
    const seen = new Set<string>()
    for (const [name, password] of [
      ['ada', 'wrong'],
      ['ada', ''],
      ['', ''],
      ['nobody', 'correct horse'],
      ['nopassword', 'correct horse'],
      ['nopassword', ''],
      ['shutout', 'correct horse'],
      ["' or 1=1 --", 'x'],
      ['a\0da', 'correct horse'],
    ] as const) {
      const { message, details } = await refusal('unauthenticated', enter(basic(name, password)))
      seen.add(JSON.stringify([message, details]))
    }
    assert.equal(seen.size, 1)
  })

  it('remembers a success, but nothing outlives a change, a revocation or a suspension', async (t) => {
    const { core, account, enter, issuing, adaBy } = await setUp(t)
    const set = await setPassword(core, issuing, 'first password')
    const first = basic('ada', 'first password')
    assert.deepEqual(await enter(first), adaBy(set))
    await setPermissions(core, 'system', { accountId: account.id, permissions: ['admin'] })
    assert.deepEqual([...(await enter(first)).permissions], ['admin'])
    await suspendAccount(core, 'system', account.id)
    await refusal('unauthenticated', enter(first))
    await reinstateAccount(core, 'system', account.id)
    await enter(first)
    await setPassword(core, issuing, 'second password')
    await refusal('unauthenticated', enter(first))
    const second = basic('ada', 'second password')
    await enter(second)
    const credential = await findCredential(core, 'password', 'ada')
    await revokeCredential(core, 'system', credential?.id ?? '')
    await refusal('unauthenticated', enter(second))
    await setPassword(core, issuing, 'first password')
    await enter(first)
  })

  it('locks out who guesses, tells for how long, and not who is in already', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    await setPassword(core, issuing, 'correct horse')
    const right = basic('ada', 'correct horse')
    await enter(right)
    for (let i = 0; i < 5; i += 1) await refusal('unauthenticated', enter(basic('ada', `no ${i}`)))
    const locked = await refusal('locked_out', enter(basic('ada', 'no')))
    assert.equal(locked.details.retryAfter, 1)
    await enter(right)
    core.clock.pass(61_000)
    for (let i = 0; i < 2; i += 1) await enter(basic('ada', 'no')).catch(() => {})
    await refusal('locked_out', enter(right))
    await enter(right, { address: '198.51.100.1' })
    core.clock.pass(60_000)
    await enter(right)
  })

  it('checks a password once for many requests at the same time', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    await setPassword(core, issuing, 'correct horse')
    // More than five at once would be locked out, were each counted by itself.
    await Promise.all(Array.from({ length: 40 }, () => enter(basic('ada', 'correct horse'))))
  })

  it('a hundred guesses at once are not a hundred guesses', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    await setPassword(core, issuing, 'correct horse')
    const guesses = Array.from({ length: 100 }, (_, i) => enter(basic('ada', `guess ${i}`)))
    const settled = await Promise.allSettled(guesses)
    const codes = settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'in'))
    assert.equal(codes.filter((code) => code === 'unauthenticated').length, 5)
    assert.equal(codes.filter((code) => code === 'locked_out').length, 95)
  })
})

describe('signing in with a key pair', () => {
  it('gives the account, until the pair is revoked or over', async (t) => {
    const { core, enter, issuing, adaBy } = await setUp(t)
    const key = await issueKeyPair(core, issuing)
    assert.match(key.accessKey, /^[A-Za-z0-9]{8}$/)
    assert.match(key.secretKey, /^[A-Za-z0-9]{32}$/)
    assert.deepEqual(await enter(basic(key.accessKey, key.secretKey)), adaBy(key))
    for (const [name, secret] of [
      [key.accessKey, key.secretKey.toLowerCase()],
      [key.accessKey, ''],
      [key.accessKey.toLowerCase(), key.secretKey],
      [key.secretKey, key.accessKey],
    ] as const) {
      await refusal('unauthenticated', enter(basic(name, secret)))
    }
    await revokeCredential(core, 'system', key.credentialId)
    await refusal('unauthenticated', enter(basic(key.accessKey, key.secretKey)))
    const brief = await issueKeyPair(core, issuing, { expiresAt: core.clock() + 1000 })
    await enter(basic(brief.accessKey, brief.secretKey))
    core.clock.pass(1000)
    await refusal('unauthenticated', enter(basic(brief.accessKey, brief.secretKey)))
  })

  it('works also for an account whose name looks like another’s access key', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    const { accessKey } = await issueKeyPair(core, issuing, {
      given: { accessKey: 'samename', secretKey: 'secret-of-ada-0123456789' },
    })
    const other = await seedAccount(core, accessKey)
    await setPassword(core, { ...issuing, accountId: other.id }, 'correct horse')
    assert.equal((await enter(basic(accessKey, 'correct horse'))).username, accessKey)
    assert.equal((await enter(basic(accessKey, 'secret-of-ada-0123456789'))).username, 'ada')
  })

  it('slows down wrong ones, and lets right ones pass all the same', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    const key = await issueKeyPair(core, issuing)
    const keysOnly = { methods: ['basic-key'] as const }
    for (let i = 0; i < 5; i += 1) {
      await refusal('unauthenticated', enter(basic(key.accessKey, 'no'), keysOnly))
    }
    await refusal('locked_out', enter(basic(key.accessKey, 'no'), keysOnly))
    await enter(basic(key.accessKey, key.secretKey), keysOnly)
  })
})

describe('signing in with a token', () => {
  it('gives the account, and says when a token was right once', async (t) => {
    const { core, enter, issuing, adaBy } = await setUp(t)
    const { token, credentialId } = await issueToken(core, issuing)
    assert.match(token, /^cct_[A-Za-z0-9]{40}$/)
    assert.deepEqual(await enter(`Bearer ${token}`), adaBy({ credentialId }))
    assert.deepEqual(await enter(`bearer  ${token} `), adaBy({ credentialId }))
    const wrong = await refusal('unauthenticated', enter(`Bearer ${token}x`))
    assert.deepEqual(wrong.details, { reason: 'wrong', scheme: 'bearer' })
    await revokeCredential(core, 'system', credentialId)
    await refusal('unauthenticated', enter(`Bearer ${token}`))
    const brief = await issueToken(core, issuing, { expiresAt: core.clock() + 1000 })
    core.clock.pass(1000)
    const over = await refusal('unauthenticated', enter(`Bearer ${brief.token}`))
    assert.deepEqual(over.details, { reason: 'expired', scheme: 'bearer' })
  })

  it('stores no secret in clear', async (t) => {
    const { core, issuing } = await setUp(t)
    const { token } = await issueToken(core, issuing)
    const key = await issueKeyPair(core, issuing)
    const client = await issueClient(core, issuing, { scopes: ['rostering'] })
    await setPassword(core, issuing, 'correct horse')
    const rows = await core.database.kysely.selectFrom('credentials').selectAll().execute()
    const events = await core.database.kysely.selectFrom('events').selectAll().execute()
    const stored = JSON.stringify([rows, events])
    assert.equal(rows.length, 4)
    for (const secret of [token, key.secretKey, client.clientSecret, 'correct horse']) {
      assert.ok(!stored.includes(secret))
    }
  })
})

describe('what is no sign-in', () => {
  const table: [string, string | undefined, string][] = [
    ['no header', undefined, 'missing'],
    ['an empty header', '', 'missing'],
    ['another scheme', 'Digest username="ada"', 'missing'],
    ['a scheme alone', 'Basic', 'unreadable'],
    ['a word', 'cct_token', 'missing'],
    ['malformed base64', 'Basic !!!!', 'unreadable'],
    ['base64 with rubbish', 'Basic YWRhOmE=x', 'unreadable'],
    ['no colon', `Basic ${Buffer.from('ada').toString('base64')}`, 'unreadable'],
    ['two values', 'Basic YWRhOmE=, Bearer x', 'unreadable'],
    ['a bearer with a space', 'Bearer a b', 'unreadable'],
    ['a bearer with nothing', 'Bearer ', 'unreadable'],
    ['a very long Basic', basic('ada', 'x'.repeat(100_000)), 'unreadable'],
    ['a very long Bearer', `Bearer ${'x'.repeat(100_000)}`, 'unreadable'],
    ['a NUL', 'Bearer \0', 'unreadable'],
  ]
  for (const [what, header, reason] of table) {
    it(`${what}: ${reason}`, async (t) => {
      const { enter } = await setUp(t)
      const { details } = await refusal('unauthenticated', enter(header))
      assert.equal(details.reason, reason)
    })
  }

  it('a client’s id and secret', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    const client = await issueClient(core, issuing, { scopes: ['rostering'] })
    await refusal('unauthenticated', enter(basic(client.clientId, client.clientSecret)))
    await refusal('unauthenticated', enter(`Bearer ${client.clientSecret}`))
  })

  it('a way that the API does not accept', async (t) => {
    const { core, enter, issuing } = await setUp(t)
    await setPassword(core, issuing, 'correct horse')
    const password = basic('ada', 'correct horse')
    const key = await issueKeyPair(core, issuing)
    const pair = basic(key.accessKey, key.secretKey)
    const bearer = `Bearer ${(await issueToken(core, issuing)).token}`
    const accepted: [SignInMethod, string][] = [
      ['basic-password', password],
      ['basic-key', pair],
      ['bearer', bearer],
    ]
    for (const [method, right] of accepted) {
      for (const header of [password, pair, bearer]) {
        const entering = enter(header, { methods: [method] })
        if (header === right) await entering
        else await refusal('unauthenticated', entering)
      }
    }
    const { details } = await refusal('unauthenticated', enter(bearer, { methods: ['basic-key'] }))
    assert.equal(details.reason, 'missing')
  })
})
