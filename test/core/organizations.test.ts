import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createOrganization,
  findOrganization,
  findOrganizationByCode,
  listOrganizations,
} from '../../src/core/accounts/organizations.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

describe('createOrganization()', () => {
  it('makes a tenant that is found by its id and by its code', async (t) => {
    const core = await openTestCore(t)
    const made = await createOrganization(core, 'system', { code: 'Flux Vision', name: ' Flux ' })
    assert.equal(made.name, 'Flux')
    assert.deepEqual(await findOrganization(core, made.id), made)
    assert.deepEqual(await findOrganizationByCode(core, 'Flux Vision'), made)
    assert.equal(await findOrganizationByCode(core, 'flux vision'), null)
    assert.equal(await findOrganization(core, 'nobody'), null)
  })

  it('refuses a code that is taken, also in another normal form of Unicode', async (t) => {
    const core = await openTestCore(t)
    await createOrganization(core, 'system', { code: 'caf\u00e9' })
    await refusal('conflict', createOrganization(core, 'system', { code: 'cafe\u0301' }))
    assert.equal((await findOrganizationByCode(core, 'cafe\u0301'))?.code, 'caf\u00e9')
  })

  it('takes only what can be one segment of a path', async (t) => {
    const core = await openTestCore(t)
    const wrong = [
      ['', ' ', '.', '..', '/', 'a/b', '../x', 'a\0b', 'a\nb', 'a\u202eb', 'a\u2028b', ' a', 'a '],
      ['\ud800', 'x'.repeat(101)],
    ].flat()
    for (const code of wrong) {
      await refusal('invalid', createOrganization(core, 'system', { code }))
    }
    for (const code of ['...', '%username%', 'a b', 'é', '🏛', 'C:', 'x'.repeat(100)]) {
      assert.equal((await createOrganization(core, 'system', { code })).code, code)
    }
  })

  it('is for operators: an administrator of one organization makes no other', async (t) => {
    const core = await openTestCore(t)
    const admin = await seedAccount(core, 'admin', { permissions: ['admin'] })
    const operator = await seedAccount(core, 'operator', { permissions: ['operator'] })
    await refusal('forbidden', createOrganization(core, principalOfAccount(admin), { code: 'a' }))
    await refusal(
      'forbidden',
      listOrganizations(core, principalOfAccount(admin), { after: null, limit: 1 }),
    )
    await createOrganization(core, principalOfAccount(operator), { code: 'a' })
  })
})

describe('listOrganizations()', () => {
  it('pages through all of them, each once', async (t) => {
    const core = await openTestCore(t)
    for (let i = 0; i < 7; i += 1) await createOrganization(core, 'system', { code: `o${i}` })
    const codes: string[] = []
    let after: string | null = null
    for (;;) {
      const page = await listOrganizations(core, 'system', { after, limit: 3 })
      codes.push(...page.map((row) => row.code))
      if (page.length < 3) break
      after = page.at(-1)?.id ?? null
    }
    assert.deepEqual(codes.sort(), ['o0', 'o1', 'o2', 'o3', 'o4', 'o5', 'o6'])
  })
})
