import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { issueClient, issueKeyPair, issueToken, setPassword } from '../../src/auth/issue.ts'
import { listCredentials } from '../../src/core/accounts/credentials.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

describe('issuing credentials', () => {
  it('gives secrets that are never twice the same and need no quoting', async (t) => {
    const core = await openTestCore(t)
    const { id: accountId } = await seedAccount(core, 'ada')
    const issuing = { actor: 'system', accountId } as const
    const secrets = new Set<string>()
    for (let i = 0; i < 20; i += 1) {
      const key = await issueKeyPair(core, issuing)
      const { token } = await issueToken(core, issuing)
      const client = await issueClient(core, issuing, { scopes: ['a'] })
      const all = [key.accessKey, key.secretKey, token, client.clientId, client.clientSecret]
      for (const secret of all) {
        assert.match(secret, /^[A-Za-z0-9_-]+$/)
        secrets.add(secret)
      }
    }
    assert.equal(secrets.size, 100)
  })

  it('gives the same known credentials again, and to nobody else', async (t) => {
    const core = await openTestCore(t)
    const { id: accountId } = await seedAccount(core, 'ada')
    const other = await seedAccount(core, 'bob')
    const issuing = { actor: 'system', accountId } as const
    const given = { accessKey: 'DEMOKEY1', secretKey: 'demo-secret-key' }
    for (let i = 0; i < 2; i += 1) {
      const { accessKey, secretKey } = await issueKeyPair(core, issuing, { given })
      assert.deepEqual({ accessKey, secretKey }, given)
      await issueToken(core, issuing, { given: 'demo-token' })
    }
    assert.equal((await listCredentials(core, 'system', accountId)).length, 2)
    const toOther = { actor: 'system', accountId: other.id } as const
    await refusal('conflict', issueKeyPair(core, toOther, { given }))
    for (const wrong of ['', 'abc', 'a b c d', 'a:bcdef', 'a.b.c.d.e', 'é'.repeat(8)]) {
      await refusal('invalid', issueToken(core, issuing, { given: wrong }))
    }
  })

  it('refuses a client without scopes, or with ones that OAuth cannot carry', async (t) => {
    const core = await openTestCore(t)
    const { id: accountId } = await seedAccount(core, 'ada')
    const issuing = { actor: 'system', accountId } as const
    for (const scopes of [[], [''], ['a b'], ['a"b'], ['a\\b'], ['é']]) {
      await refusal('invalid', issueClient(core, issuing, { scopes }))
    }
  })

  it('is for the account itself and its administrators', async (t) => {
    const core = await openTestCore(t)
    const ada = await seedAccount(core, 'ada')
    const admin = await seedAccount(core, 'admin', { permissions: ['admin'] })
    const alien = await seedAccount(core, 'alien', {
      organization: 'other',
      permissions: ['admin'],
    })
    for (const [actor, may] of [
      [ada, true],
      [admin, true],
      [alien, false],
    ] as const) {
      const issuing = { actor: principalOfAccount(actor), accountId: ada.id }
      const works = [
        () => setPassword(core, issuing, 'correct horse'),
        () => issueKeyPair(core, issuing),
        () => issueToken(core, issuing),
        () => issueClient(core, issuing, { scopes: ['a'] }),
      ]
      for (const work of works) await (may ? work() : refusal('not_yours', work()))
    }
    await refusal('not_found', issueToken(core, { actor: 'system', accountId: 'nobody' }))
    await refusal(
      'not_found',
      setPassword(core, { actor: 'system', accountId: 'no' }, 'correct horse'),
    )
  })
})
