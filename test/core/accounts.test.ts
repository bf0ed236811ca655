import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  accountPermissions,
  createAccount,
  findAccount,
  findAccountByUsername,
  listAccounts,
  reinstateAccount,
  setPermissions,
  suspendAccount,
} from '../../src/core/accounts/accounts.ts'
import { createOrganization } from '../../src/core/accounts/organizations.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore, type TestCore } from '../support/test-core.ts'

async function organization(core: TestCore): Promise<string> {
  return (await createOrganization(core, 'system', { code: 'acme' })).id
}

describe('createAccount()', () => {
  it('makes an account that is found in whatever case it is written', async (t) => {
    const core = await openTestCore(t)
    const made = await createAccount(core, 'system', {
      organizationId: await organization(core),
      username: 'Ada@Example.org',
      name: 'Ada Lovelace',
      permissions: ['download:communes', 'admin', 'admin'],
    })
    assert.equal(made.username, 'ada@example.org')
    assert.deepEqual([...accountPermissions(made)], ['admin', 'download:communes'])
    assert.deepEqual(await findAccount(core, made.id), made)
    assert.deepEqual(await findAccountByUsername(core, 'ADA@example.ORG'), made)
  })

  it('refuses a user name that is taken, in any case and in any organization', async (t) => {
    const core = await openTestCore(t)
    await seedAccount(core, 'Zoë')
    await refusal('conflict', seedAccount(core, 'ZOE\u0308', { organization: 'other' }))
  })

  it('takes only user names that Basic can carry', async (t) => {
    const core = await openTestCore(t)
    const organizationId = await organization(core)
    const wrong = [
      '',
      'a:b',
      ':',
      'a\0',
      'a\nb',
      '\u007f',
      ' a',
      'a\u200b',
      'x'.repeat(201),
      '\udc00',
    ]
    for (const username of wrong) {
      const made = createAccount(core, 'system', { organizationId, username, permissions: [] })
      assert.equal((await refusal('invalid', made)).details.field, 'username')
    }
    for (const username of ['x', 'a b', "o'hara", 'x'.repeat(200), '用户', '%']) {
      await createAccount(core, 'system', { organizationId, username, permissions: [] })
    }
  })

  it('takes only what can be a permission', async (t) => {
    const core = await openTestCore(t)
    const organizationId = await organization(core)
    for (const permission of [
      '',
      'Admin',
      'a b',
      'download:',
      'download:a b',
      'a,b',
      'x:\0',
      'a:b,c',
    ]) {
      await refusal(
        'invalid',
        createAccount(core, 'system', { organizationId, username: 'u', permissions: [permission] }),
      )
    }
  })

  it('refuses an organization that is not there', async (t) => {
    const core = await openTestCore(t)
    await refusal(
      'not_found',
      createAccount(core, 'system', { organizationId: 'no', username: 'u', permissions: [] }),
    )
  })
})

describe('who may manage accounts', () => {
  it('an administrator, in his own organization only', async (t) => {
    const core = await openTestCore(t)
    const admin = principalOfAccount(await seedAccount(core, 'admin', { permissions: ['admin'] }))
    const user = await seedAccount(core, 'user')
    const alien = await seedAccount(core, 'alien', { organization: 'other' })
    await createAccount(core, admin, {
      organizationId: admin.organizationId,
      username: 'new',
      permissions: ['download:x'],
    })
    await suspendAccount(core, admin, user.id)
    await refusal('not_yours', suspendAccount(core, admin, alien.id))
    await refusal(
      'not_yours',
      listAccounts(core, admin, { organizationId: alien.organization_id, after: null, limit: 9 }),
    )
    await refusal(
      'not_yours',
      createAccount(core, admin, {
        organizationId: alien.organization_id,
        username: 'spy',
        permissions: [],
      }),
    )
    await refusal('forbidden', suspendAccount(core, principalOfAccount(user), user.id))
  })

  it('only an operator makes or touches an operator', async (t) => {
    const core = await openTestCore(t)
    const admin = await seedAccount(core, 'admin', { permissions: ['admin'] })
    const operator = await seedAccount(core, 'root', { permissions: ['admin', 'operator'] })
    const asAdmin = principalOfAccount(admin)
    const asked = { accountId: admin.id, permissions: ['admin', 'operator'] }
    await refusal('forbidden', setPermissions(core, asAdmin, asked))
    await refusal('forbidden', suspendAccount(core, asAdmin, operator.id))
    await refusal(
      'forbidden',
      createAccount(core, asAdmin, {
        organizationId: admin.organization_id,
        username: 'second',
        permissions: ['operator'],
      }),
    )
    await setPermissions(core, principalOfAccount(operator), asked)
  })
})

describe('suspendAccount() and reinstateAccount()', () => {
  it('mark the account, and keep the time of the first suspension', async (t) => {
    const core = await openTestCore(t)
    const { id } = await seedAccount(core, 'user')
    const first = await suspendAccount(core, 'system', id)
    core.clock.pass(1000)
    assert.equal((await suspendAccount(core, 'system', id)).suspended_at, first.suspended_at)
    assert.equal((await reinstateAccount(core, 'system', id)).suspended_at, null)
    await refusal('not_found', suspendAccount(core, 'system', 'nobody'))
  })
})

describe('listAccounts()', () => {
  it('shows one organization, oldest first, page by page', async (t) => {
    const core = await openTestCore(t)
    for (const name of ['c', 'a', 'b']) {
      await seedAccount(core, name)
      core.clock.pass(1)
    }
    const { organization_id: organizationId } = await seedAccount(core, 'd')
    await seedAccount(core, 'e', { organization: 'other' })
    const page = await listAccounts(core, 'system', { organizationId, after: null, limit: 2 })
    assert.deepEqual(
      page.map((row) => row.username),
      ['c', 'a'],
    )
    const after = page[1]?.id ?? null
    const rest = await listAccounts(core, 'system', { organizationId, after, limit: 1e9 })
    assert.deepEqual(
      rest.map((row) => row.username),
      ['b', 'd'],
    )
  })
})
