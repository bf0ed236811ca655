import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { insertDelivery } from '../../src/core/deliveries.ts'
import { expireFiles, insertDeliveryFile } from '../../src/core/delivery-files.ts'
import { findGrantedFile, recallGrantedFile } from '../../src/core/grants/granted-file.ts'
import { grantFile, revokeGrant } from '../../src/core/grants/grants.ts'
import { insertStoredFile, storeBytes } from '../../src/core/stored-files.ts'
import { transact } from '../../src/core/transact.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { inChunks } from '../support/bytes.ts'
import { openTestCore } from '../support/test-core.ts'

describe('recallGrantedFile()', () => {
  it('knows for a second what was found', async (t) => {
    const { core, grant } = await setUp(t)
    assert.equal(recallGrantedFile(core, grant.id), null)
    const found = await findGrantedFile(core, grant.id)
    assert.equal(found?.bytes?.size, 5)
    core.clock.pass(999)
    assert.deepEqual(recallGrantedFile(core, grant.id), found)
    core.clock.pass(1)
    assert.equal(recallGrantedFile(core, grant.id), null)
  })

  it('does not remember that there was none', async (t) => {
    const { core } = await setUp(t)
    assert.equal(await findGrantedFile(core, 'none'), null)
    assert.equal(recallGrantedFile(core, 'none'), null)
  })

  it('knows nothing any more when a grant is revoked', async (t) => {
    const { core, owner, grant } = await setUp(t)
    await findGrantedFile(core, grant.id)
    await revokeGrant(core, owner, grant.id)
    assert.equal(recallGrantedFile(core, grant.id), null)
    assert.notEqual((await findGrantedFile(core, grant.id))?.grant.revoked_at, null)
  })

  it('keeps nothing that was being read while a grant was revoked', async (t) => {
    const { core, grant } = await setUp(t)
    const reading = findGrantedFile(core, grant.id)
    core.database.signals.notify('grant')
    assert.notEqual(await reading, null)
    assert.equal(recallGrantedFile(core, grant.id), null)
  })

  it('knows nothing any more when the bytes are let go', async (t) => {
    const { core, grant, deliveryNumber } = await setUp(t)
    await findGrantedFile(core, grant.id)
    await transact(core, (change) => expireFiles(change, deliveryNumber, 10))
    assert.equal(recallGrantedFile(core, grant.id), null)
    assert.equal((await findGrantedFile(core, grant.id))?.bytes, null)
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'owner', { permissions: ['download:thing'] })
  const owner = principalOfAccount(account)
  const bytes = await storeBytes(core, 'test', inChunks(Buffer.from('hello'), 5))
  const file = await transact(core, async (change) => {
    const { number } = await insertDelivery(change, {
      kind: 'download',
      type: 'thing',
      organizationId: owner.organizationId,
      ownerId: owner.accountId,
      actorId: null,
      state: 'done',
    })
    const stored = await insertStoredFile(change, bytes, 'text/plain')
    return await insertDeliveryFile(change, {
      deliveryNumber: number,
      name: 'a.txt',
      mediaType: 'text/plain',
      state: 'available',
      storedFileId: stored.id,
      size: stored.size,
    })
  })
  const grant = await grantFile(core, owner, { fileNumber: file.number })
  return { core, owner, grant, deliveryNumber: file.delivery_number }
}
