import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  countUses,
  keepUse,
  listUses,
  noteUse,
  reserveUse,
} from '../../src/core/grants/grant-uses.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const minute = 60_000
const ada = { address: '192.0.2.1', agent: 'ada' }
const bob = { address: '192.0.2.2', agent: 'bob' }

describe('the use of a counted grant', () => {
  it('is free again when its client was idle for ten minutes below the whole', async (t) => {
    const { core, grant } = await setUp(t)
    const use = await reserveUse(core, grant, ada)
    await noteUse(core, use, { span: { start: 0, end: 99 }, size: 100 })
    core.clock.pass(10 * minute - 1)
    await refusal('limit_reached', () => reserveUse(core, grant, bob))
    core.clock.pass(1)
    await reserveUse(core, grant, bob)
    await refusal('limit_reached', () => reserveUse(core, grant, ada))
  })

  it('that never takes the last byte ends at twice the size, and has one client in ten minutes', async (t) => {
    const { core, grant } = await setUp(t)
    const butLast = { span: { start: 0, end: 99 }, size: 100 }
    for (const client of [ada, bob]) {
      const use = await reserveUse(core, grant, client)
      await noteUse(core, use, butLast)
      // It is taken again and again, and belongs to nobody else meanwhile.
      for (const other of [ada, bob].filter((one) => one !== client)) {
        await refusal('limit_reached', () => reserveUse(core, grant, other))
      }
      core.clock.pass(10 * minute)
    }
    const use = await reserveUse(core, grant, ada)
    await noteUse(core, use, butLast)
    assert.equal(await reserveUse(core, grant, ada), use)
    await noteUse(core, use, { span: { start: 0, end: 1 }, size: 100 })
    assert.equal(await reserveUse(core, grant, ada), use)
    await noteUse(core, use, { span: { start: 0, end: 1 }, size: 100 })
    const [row] = (await listUses(core.database.kysely, grant)).filter(({ id }) => id === use)
    assert.deepEqual([row?.spans, row?.bytes_sent], ['[[0,99]]', 200])
    core.clock.pass(10 * minute)
    for (const client of [ada, bob]) {
      await refusal('limit_reached', () => reserveUse(core, grant, client))
    }
  })

  it('goes on where it was when its client comes back and nobody took it', async (t) => {
    const { core, grant } = await setUp(t)
    const use = await reserveUse(core, grant, ada)
    await noteUse(core, use, { span: { start: 0, end: 50 }, size: 100 })
    core.clock.pass(60 * minute)
    assert.equal(await reserveUse(core, grant, ada), use)
    await noteUse(core, use, { span: { start: 50, end: 100 }, size: 100 })
    core.clock.pass(60 * minute)
    await refusal('limit_reached', () => reserveUse(core, grant, ada))
  })

  it('stays with a client whose bytes flow slowly', async (t) => {
    const { core, grant } = await setUp(t)
    const use = await reserveUse(core, grant, ada)
    for (let count = 0; count < 5; count += 1) {
      core.clock.pass(9 * minute)
      await keepUse(core, use)
    }
    await refusal('limit_reached', () => reserveUse(core, grant, bob))
  })

  it('adds up spans that are told at the same moment', async (t) => {
    const { core, grant } = await setUp(t)
    const use = await reserveUse(core, grant, ada)
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        noteUse(core, use, { span: { start: at, end: at + 1 }, size: 100 }),
      ),
    )
    const [row] = await listUses(core.database.kysely, grant)
    assert.deepEqual([row?.spans, row?.bytes_sent], ['[[0,100]]', 100])
    const counts = await countUses(core.database.kysely, [grant], core.clock())
    assert.deepEqual(counts, [{ grantId: grant, used: 1, open: 0 }])
  })

  it('of an empty file is used up by taking it once', async (t) => {
    const { core, grant } = await setUp(t)
    const use = await reserveUse(core, grant, ada)
    await noteUse(core, use, { span: { start: 0, end: 0 }, size: 0 })
    await refusal('limit_reached', () => reserveUse(core, grant, ada))
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const grant = 'g1'
  await core.database.kysely
    .insertInto('grants')
    .values({
      id: grant,
      organization_id: 'o',
      account_id: 'a',
      file_number: 1,
      archive_id: null,
      upload_id: null,
      method: 'GET',
      file_name: 'f',
      disposition: 'attachment',
      expired_status: 403,
      created_at: core.clock(),
      expires_at: core.clock() + 86_400_000,
      revoked_at: null,
      max_uses: 1,
      networks: null,
    })
    .execute()
  return { core, grant }
}
