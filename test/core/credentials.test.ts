import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setPermissions, suspendAccount } from '../../src/core/accounts/accounts.ts'
import {
  findCredential,
  findCredentialById,
  insertCredential,
  listCredentials,
  type NewCredential,
  replaceCredential,
  revokeCredential,
} from '../../src/core/accounts/credentials.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

function aKey(accountId: string, more: Partial<NewCredential> = {}): NewCredential {
  return { accountId, kind: 'key', lookup: 'KEY00001', secretHash: 'hash', name: 'test', ...more }
}

describe('findCredential()', () => {
  it('brings the account along, as it is now', async (t) => {
    const core = await openTestCore(t)
    const account = await seedAccount(core, 'ada', { permissions: ['download:x'] })
    const row = await insertCredential(core, 'system', aKey(account.id))
    const found = await findCredential(core, 'key', 'KEY00001')
    assert.equal(found?.status, 'usable')
    assert.equal(found.secretHash, 'hash')
    assert.deepEqual(found.principal, { ...principalOfAccount(account), credentialId: row.id })
    assert.deepEqual(await findCredentialById(core, row.id), found)
    await setPermissions(core, 'system', { accountId: account.id, permissions: ['admin'] })
    const later = await findCredential(core, 'key', 'KEY00001')
    assert.deepEqual([...(later?.principal.permissions ?? [])], ['admin'])
  })

  it('finds nothing of another kind or case', async (t) => {
    const core = await openTestCore(t)
    await insertCredential(core, 'system', aKey((await seedAccount(core, 'ada')).id))
    assert.equal(await findCredential(core, 'client', 'KEY00001'), null)
    assert.equal(await findCredential(core, 'key', 'key00001'), null)
    assert.equal(await findCredential(core, 'key', "' or 1=1 --"), null)
    assert.equal(await findCredentialById(core, ''), null)
  })

  it('says when it is revoked, suspended or expired, the boundary included', async (t) => {
    const core = await openTestCore(t)
    const { id } = await seedAccount(core, 'ada')
    const row = await insertCredential(core, 'system', aKey(id, { expiresAt: core.clock() + 1000 }))
    const status = async () => (await findCredentialById(core, row.id))?.status
    core.clock.pass(999)
    assert.equal(await status(), 'usable')
    core.clock.pass(1)
    assert.equal(await status(), 'expired')
    await suspendAccount(core, 'system', id)
    assert.equal(await status(), 'suspended')
    await revokeCredential(core, 'system', row.id)
    assert.equal(await status(), 'revoked')
  })
})

describe('insertCredential()', () => {
  it('refuses a look-up that is taken, an account that is not there, a time that is over', async (t) => {
    const core = await openTestCore(t)
    const { id } = await seedAccount(core, 'ada')
    await insertCredential(core, 'system', aKey(id))
    await refusal('conflict', insertCredential(core, 'system', aKey(id)))
    await refusal('not_found', insertCredential(core, 'system', aKey('nobody')))
    for (const expiresAt of [core.clock(), 0, -1, Number.NaN]) {
      await refusal(
        'invalid',
        insertCredential(core, 'system', aKey(id, { lookup: 'x', expiresAt })),
      )
    }
  })
})

describe('replaceCredential()', () => {
  it('gives a new id, so that what came from the old one ends', async (t) => {
    const core = await openTestCore(t)
    const { id } = await seedAccount(core, 'ada')
    const old = await replaceCredential(core, 'system', aKey(id))
    await revokeCredential(core, 'system', old.id)
    core.clock.pass(1)
    const next = await replaceCredential(core, 'system', aKey(id, { secretHash: 'other' }))
    assert.notEqual(next.id, old.id)
    assert.equal(await findCredentialById(core, old.id), null)
    assert.equal((await findCredential(core, 'key', 'KEY00001'))?.status, 'usable')
    assert.equal((await listCredentials(core, 'system', id)).length, 1)
  })

  it('never takes over what is another account’s', async (t) => {
    const core = await openTestCore(t)
    const ada = await seedAccount(core, 'ada')
    const eve = await seedAccount(core, 'eve')
    await replaceCredential(core, 'system', aKey(ada.id))
    await refusal('conflict', replaceCredential(core, 'system', aKey(eve.id)))
    const found = await findCredential(core, 'key', 'KEY00001')
    assert.equal(found?.principal.username, 'ada')
  })
})

describe('who may manage credentials', () => {
  it('the account itself and its administrators, nobody of another organization', async (t) => {
    const core = await openTestCore(t)
    const ada = await seedAccount(core, 'ada')
    const row = await insertCredential(core, principalOfAccount(ada), aKey(ada.id))
    const admin = await seedAccount(core, 'admin', { permissions: ['admin'] })
    const bob = await seedAccount(core, 'bob')
    const alien = await seedAccount(core, 'alien', {
      organization: 'other',
      permissions: ['admin', 'operator'],
    })
    for (const stranger of [bob, alien]) {
      const principal = principalOfAccount(stranger)
      await refusal('not_yours', listCredentials(core, principal, ada.id))
      await refusal('not_yours', insertCredential(core, principal, aKey(ada.id, { lookup: 'x' })))
      await refusal('not_yours', revokeCredential(core, principal, row.id))
    }
    const [listed] = await listCredentials(core, principalOfAccount(admin), ada.id)
    assert.equal(listed?.id, row.id)
    assert.ok(!('secret_hash' in (listed ?? {})))
    await revokeCredential(core, principalOfAccount(admin), row.id)
    await revokeCredential(core, principalOfAccount(ada), row.id)
    await refusal('not_found', revokeCredential(core, principalOfAccount(ada), 'nothing'))
  })

  it('no token with a scope makes itself a credential without one', async (t) => {
    const core = await openTestCore(t)
    const ada = await seedAccount(core, 'ada')
    const narrowed = principalOfAccount(ada, ['rostering'])
    await refusal('insufficient_scope', insertCredential(core, narrowed, aKey(ada.id)))
  })

  it('no administrator becomes an operator by issuing himself an operator’s credential', async (t) => {
    const core = await openTestCore(t)
    const admin = await seedAccount(core, 'admin', { permissions: ['admin'] })
    const operator = await seedAccount(core, 'root', { permissions: ['operator'] })
    await refusal('forbidden', insertCredential(core, principalOfAccount(admin), aKey(operator.id)))
    await insertCredential(core, principalOfAccount(operator), aKey(operator.id))
  })
})
