import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { findPrincipal } from '../../src/core/accounts/accounts.ts'
import type { Core } from '../../src/core/core.ts'
import { DeliveryError } from '../../src/core/errors.ts'
import { submitImport } from '../../src/core/imports/imports.ts'
import { seedAccount } from '../support/accounts.ts'
import { inChunks } from '../support/bytes.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const csv = Buffer.from('login,password\nsome,secret-in-the-file\n')

describe('bytes whose change was committed though its caller heard of no commit', () => {
  it('stay for the import that was made', async (t) => {
    const { core, deaf, principal } = await setUp(t)
    await refusal('unavailable', () =>
      submitImport(deaf, principal, { fileName: 'users.csv', source: inChunks(csv) }),
    )
    const rows = await core.database.kysely.selectFrom('stored_files').selectAll().execute()
    const kept: string[] = []
    for await (const { key } of core.store.list('imports/')) kept.push(key)
    assert.deepEqual(
      rows.map((row) => row.object_key),
      kept,
    )
    assert.equal(kept.length, 1)
  })
})

/** `deaf`: each change is committed, and then the connection breaks. */
async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ida', { permissions: ['rostering'] })
  const principal = await findPrincipal(core, account.id)
  assert.ok(principal !== null)
  const { database } = core
  const deaf: Core = {
    ...core,
    database: {
      ...database,
      async transaction(work, isolation) {
        await database.transaction(work, isolation)
        throw new DeliveryError('unavailable', 'The database cannot be reached at the moment.')
      },
    },
  }
  return { core, deaf, principal }
}
