import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { findPrincipal } from '../../src/core/accounts/accounts.ts'
import type { Core } from '../../src/core/core.ts'
import { createMasterKeys } from '../../src/core/encryption/master-keys.ts'
import { sweep } from '../../src/core/sweep.ts'
import { abandonUpload } from '../../src/core/uploads/complete-upload.ts'
import { receivePart } from '../../src/core/uploads/receive-part.ts'
import { createUpload } from '../../src/core/uploads/uploads.ts'
import { seedAccount } from '../support/accounts.ts'
import { inChunks } from '../support/bytes.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const csv = Buffer.from('login,password\nsome,secret-in-the-file\n')

describe('an upload into an import', () => {
  it('goes on after the master key was changed in the middle of it', async (t) => {
    const { core, send } = await setUp(t)
    const [old, fresh] = [namedKey('old'), namedKey('fresh')]
    await send({ ...core, masterKeys: createMasterKeys([old]) }, 0, csv.subarray(0, 20))
    const during = { ...core, masterKeys: createMasterKeys([fresh, old]) }
    assert.equal((await sweep(during, { orphans: false })).rewrapped, 1)
    assert.equal((await sweep(during, { orphans: false })).rewrapped, 0)
    const after = { ...core, masterKeys: createMasterKeys([fresh]) }
    const { result } = await send(after, 20, csv.subarray(20))
    assert.notEqual(result, null)
  })

  it('is given up a day after its last bytes, and not before', async (t) => {
    const { core, send } = await setUp(t)
    const hour = 3600_000
    core.clock.pass(23 * hour)
    await send(core, 0, csv.subarray(0, 20))
    core.clock.pass(23 * hour)
    await sweep(core, { orphans: true })
    assert.equal((await send(core, 20, csv.subarray(20, 30))).received, 30)
    core.clock.pass(25 * hour)
    await refusal('expired', () => send(core, 30, csv.subarray(30)))
    await sweep(core, { orphans: false })
    await refusal('not_found', () => send(core, 30, csv.subarray(30)))
    for await (const object of core.store.list('uploads/')) assert.fail(object.key)
  })

  it('leaves nothing when it is ended', async (t) => {
    const { core, send, principal, id } = await setUp(t)
    await send(core, 0, csv.subarray(0, 20))
    await abandonUpload(core, principal, id)
    await refusal('not_found', () => send(core, 20, csv.subarray(20)))
    for await (const object of core.store.list('')) assert.fail(object.key)
  })
})

function namedKey(id: string) {
  return { id, secret: randomBytes(32) }
}

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'ida', { permissions: ['rostering'] })
  const principal = await findPrincipal(core, account.id)
  assert.ok(principal !== null)
  const target = { kind: 'import' as const, name: 'users.csv' }
  const { id } = await createUpload(core, principal, { target, expected: { size: csv.length } })
  return {
    core,
    principal,
    id,
    send: (as: Core, offset: number, bytes: Buffer) =>
      receivePart(as, principal, {
        ...{ id, offset, source: inChunks(bytes), checksum: null },
        signal: new AbortController().signal,
      }),
  }
}
