import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setPermissions } from '../../src/core/accounts/accounts.ts'
import { openArchive } from '../../src/core/archives/open-archive.ts'
import { insertDelivery } from '../../src/core/deliveries.ts'
import { expireFiles, insertDeliveryFile } from '../../src/core/delivery-files.ts'
import { findGrantedFile, recallGrantedFile } from '../../src/core/grants/granted-file.ts'
import { grantArchive, grantFile, revokeGrant } from '../../src/core/grants/grants.ts'
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
    assert.equal((await findGrantedFile(core, grant.id))?.closed, 'revoked')
  })

  it('opens nothing to an account that may not have it any more, and all again when it may', async (t) => {
    const { core, owner, grant, fileNumber, deliveryId } = await setUp(t)
    const grants = [grant]
    for (const what of [{ delivery: deliveryId }, { files: [fileNumber] }]) {
      const { row } = await openArchive(core, owner, { of: what, format: 'zip' })
      grants.push(await grantArchive(core, owner, { archive: row }))
    }
    const states = () =>
      Promise.all(grants.map(async ({ id }) => (await findGrantedFile(core, id))?.closed))
    assert.deepEqual(await states(), [null, null, null])
    const { accountId } = owner
    for (const [permissions, closed] of [
      [['download:other', 'study:*'], 'not_permitted'],
      [['download:*'], null],
      [[], 'not_permitted'],
      [['admin'], null],
    ] as const) {
      await setPermissions(core, 'system', { accountId, permissions })
      assert.equal(recallGrantedFile(core, grant.id), null)
      assert.deepEqual(await states(), [closed, closed, closed], permissions.join())
    }
  })

  it('asks for what its archive asks for now, though an older node has opened it', async (t) => {
    const { core, owner, fileNumber, deliveryId } = await setUp(t)
    for (const what of [{ delivery: deliveryId }, { files: [fileNumber] }]) {
      const { row } = await openArchive(core, owner, { of: what, format: 'zip' })
      const { id } = await grantArchive(core, owner, { archive: row })
      for (const permissions of [null, '["download:before"]']) {
        await core.database.kysely.updateTable('archives').set({ permissions }).execute()
        const again = await openArchive(core, owner, { of: what, format: 'zip' })
        assert.equal(again.row.id, row.id)
        assert.equal(again.row.permissions, '["download:thing"]')
        assert.equal((await findGrantedFile(core, id))?.closed, null)
      }
    }
  })

  it('opens nothing to one who made it as an administrator and is none any more', async (t) => {
    const { core, fileNumber, deliveryId } = await setUp(t)
    const permissions = ['admin', 'download:thing']
    const account = await seedAccount(core, 'boss', { permissions })
    const boss = principalOfAccount(account)
    const grants = [await grantFile(core, boss, { fileNumber })]
    for (const what of [{ delivery: deliveryId }, { files: [fileNumber] }]) {
      const { row } = await openArchive(core, boss, { of: what, format: 'tar' })
      grants.push(await grantArchive(core, boss, { archive: row }))
    }
    for (const { id } of grants) assert.equal((await findGrantedFile(core, id))?.closed, null)
    await setPermissions(core, 'system', { accountId: boss.accountId, permissions: ['download:*'] })
    for (const { id } of grants) {
      assert.equal((await findGrantedFile(core, id))?.closed, 'not_permitted')
    }
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
  const { file, deliveryId } = await transact(core, async (change) => {
    const { number, id } = await insertDelivery(change, {
      kind: 'download',
      type: 'thing',
      organizationId: owner.organizationId,
      ownerId: owner.accountId,
      actorId: null,
      state: 'done',
    })
    const stored = await insertStoredFile(change, bytes, 'text/plain')
    const inserted = await insertDeliveryFile(change, {
      deliveryNumber: number,
      name: 'a.txt',
      mediaType: 'text/plain',
      state: 'available',
      storedFileId: stored.id,
      size: stored.size,
    })
    return { file: inserted, deliveryId: id }
  })
  const grant = await grantFile(core, owner, { fileNumber: file.number })
  const { number: fileNumber, delivery_number: deliveryNumber } = file
  return { core, owner, grant, fileNumber, deliveryId, deliveryNumber }
}
