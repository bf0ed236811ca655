import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createAccessTokens } from '../../src/auth/access-token.ts'
import { setPassword } from '../../src/auth/issue.ts'
import { createSessions } from '../../src/auth/session.ts'
import { reinstateAccount, suspendAccount } from '../../src/core/accounts/accounts.ts'
import { findCredential } from '../../src/core/accounts/credentials.ts'
import { seedAccount } from '../support/accounts.ts'
import { newKey, parseKeyRing } from '../support/keys.ts'
import { openTestCore } from '../support/test-core.ts'

const limits = { idleSeconds: 600, wholeSeconds: 3600 }

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ada')
  await setPassword(core, { actor: 'system', accountId: account.id }, 'a long password')
  const credential = await findCredential(core, 'password', 'ada')
  assert.ok(credential !== null)
  const ring = parseKeyRing(newKey('k1'))
  const sessions = createSessions(core, ring, limits)
  return { core, account, credential, ring, sessions, token: await sessions.begin(credential) }
}

describe('sessions', () => {
  it('end when they are idle too long, and go on while they are used', async (t) => {
    const { core, sessions, token } = await setUp(t)
    core.clock.pass(599_000)
    const { renewed } = (await sessions.check(token)) ?? {}
    assert.ok(typeof renewed === 'string')
    core.clock.pass(2000)
    assert.equal(await sessions.check(token), null)
    core.clock.pass(590_000)
    assert.notEqual(await sessions.check(renewed), null)
  })

  it('end at the latest so long after the sign-in, however much they are used', async (t) => {
    const { core, sessions, token } = await setUp(t)
    let latest = token
    for (let minutes = 0; minutes < 55; minutes += 5) {
      core.clock.pass(300_000)
      latest = (await sessions.check(latest))?.renewed ?? latest
    }
    assert.notEqual(await sessions.check(latest), null)
    core.clock.pass(300_000)
    assert.equal(await sessions.check(latest), null)
  })

  it('end with the account, and for good when they were ended by hand', async (t) => {
    const { core, account, sessions, token } = await setUp(t)
    await suspendAccount(core, 'system', account.id)
    assert.equal(await sessions.check(token), null)
    await reinstateAccount(core, 'system', account.id)
    assert.notEqual(await sessions.check(token), null)
    await sessions.end(token)
    assert.equal(await sessions.check(token), null)
  })

  it('take no other token of ours, and none of another key', async (t) => {
    const { core, credential, ring, sessions, token } = await setUp(t)
    const accessToken = await createAccessTokens(core, ring).issue(credential, null)
    assert.equal(await sessions.check(accessToken), null)
    const others = createSessions(core, parseKeyRing(newKey('k1')), limits)
    assert.equal(await others.check(token), null)
    const check = await createAccessTokens(core, ring).check(token)
    assert.deepEqual(check, { refused: 'wrong' })
  })
})
