import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setPermissions, suspendAccount } from '../../src/core/accounts/accounts.ts'
import {
  findCredentialById,
  insertCredential,
  type NewCredential,
  replaceCredential,
  revokeCredential,
} from '../../src/core/accounts/credentials.ts'
import { renewPrincipal } from '../../src/core/accounts/renew-principal.ts'
import { submitImport } from '../../src/core/imports/imports.ts'
import { publishDelivery } from '../../src/core/studies/publish-delivery.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const hour = 3600_000

describe('renewPrincipal()', () => {
  it('takes over what the account may by now, and keeps what it was narrowed to', async (t) => {
    const { core, account, principal } = await setUp(t)
    const narrowed = {
      ...principal,
      permissions: new Set(['publish']),
      scopes: new Set(['publish']),
    }
    await setPermissions(core, 'system', { accountId: account.id, permissions: ['rostering'] })
    assert.deepEqual([...(await renewPrincipal(core, principal)).permissions], ['rostering'])
    assert.deepEqual([...(await renewPrincipal(core, narrowed)).permissions], [])
    assert.equal((await renewPrincipal(core, principal)).credentialId, principal.credentialId)
  })

  it('refuses a credential that was revoked or replaced, and a suspended account', async (t) => {
    const { core, account, principal, credential, key } = await setUp(t)
    await revokeCredential(core, 'system', credential)
    assert.match((await refusal('forbidden', renewPrincipal(core, principal))).message, /revoked/)
    await replaceCredential(core, 'system', key)
    await refusal('forbidden', renewPrincipal(core, principal))
    await suspendAccount(core, 'system', account.id)
    const later = { ...principal, credentialId: null }
    assert.match((await refusal('forbidden', renewPrincipal(core, later))).message, /suspended/)
  })

  it('lets end what a credential began whose own time is over', async (t) => {
    const { core, principal } = await setUp(t)
    core.clock.pass(2 * hour)
    await renewPrincipal(core, principal)
  })
})

describe('bytes that come while the right to bring them is lost', () => {
  for (const [what, lose] of [
    ['the key', (all: All) => revokeCredential(all.core, 'system', all.credential)],
    ['the permission', ({ core, account }: All) => lower(core, account.id)],
    ['the account', ({ core, account }: All) => suspendAccount(core, 'system', account.id)],
  ] as const) {
    it(`are not imported, not published and not kept: ${what}`, async (t) => {
      for (const bring of [importRoster, publish]) {
        const all = await setUp(t)
        const source = (async function* () {
          yield Buffer.from('login\n')
          await lose(all)
          yield Buffer.from('somebody\n')
        })()
        await refusal('forbidden', bring(all, source))
        const { core } = all
        for await (const { key } of core.store.list('')) assert.fail(key)
        const query = core.database.kysely.selectFrom('deliveries').select('id')
        assert.deepEqual(await query.execute(), [])
      }
    })
  }
})

type All = Awaited<ReturnType<typeof setUp>>

function lower(core: All['core'], accountId: string) {
  return setPermissions(core, 'system', { accountId, permissions: ['download:*'] })
}

function importRoster({ core, principal }: All, source: AsyncIterable<Uint8Array>) {
  return submitImport(core, principal, { fileName: 'users.csv', source })
}

function publish({ core, principal }: All, bytes: AsyncIterable<Uint8Array>) {
  const path = { organization: 'acme', study: 'S', delivery: 'D' }
  return publishDelivery(core, principal, { ...path, files: [{ name: 'a.bin', bytes }] })
}

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ada', { permissions: ['publish', 'rostering'] })
  const key: NewCredential = {
    accountId: account.id,
    kind: 'key',
    lookup: 'KEY00001',
    secretHash: 'hash',
    name: 'test',
    expiresAt: core.clock() + hour,
  }
  const { id: credential } = await insertCredential(core, 'system', key)
  const principal = (await findCredentialById(core, credential))?.principal
  assert.deepEqual(principal, { ...principalOfAccount(account), credentialId: credential })
  return { core, account, key, credential, principal }
}
