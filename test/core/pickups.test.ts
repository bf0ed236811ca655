import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { insertDelivery } from '../../src/core/deliveries.ts'
import { insertDeliveryFiles, listDeliveryFiles } from '../../src/core/delivery-files.ts'
import { createPickupRecorder } from '../../src/core/pickups.ts'
import { transact } from '../../src/core/transact.ts'
import { seedAccount } from '../support/accounts.ts'
import { openTestCore } from '../support/test-core.ts'

describe('a pick-up', () => {
  it('is complete when the spans that one account took add up to the file', async (t) => {
    const { core, fileNumber, note, recorder, pickups } = await setUp(t)
    note('ada', 0, 40)
    note('bob', 60, 100)
    note('ada', 60, 100)
    await recorder.flush()
    note('ada', 30, 50)
    await recorder.flush()
    assert.deepEqual(
      (await pickups()).map((row) => [row.account_id, row.spans, row.completed_at]),
      [
        ['ada', '[[0,50],[60,100]]', null],
        ['bob', '[[60,100]]', null],
      ],
    )
    note('ada', 50, 60)
    await recorder.flush()
    const [ada] = await pickups()
    assert.equal(ada?.completed_at, core.clock())
    assert.equal(ada?.bytes_sent, 40 + 40 + 20 + 10)
    const events = await core.database.kysely
      .selectFrom('events')
      .selectAll()
      .where('action', '=', 'file.picked-up')
      .execute()
    assert.deepEqual(
      events.map((event) => [event.actor_id, (JSON.parse(event.data) as { file: number }).file]),
      [['ada', fileNumber]],
    )
  })

  it('counts what was taken again, also within one moment', async (t) => {
    const { note, recorder, pickups } = await setUp(t)
    for (let start = 0; start < 250; start += 1) note('ada', start % 50, (start % 50) + 10)
    await recorder.flush()
    const [ada] = await pickups()
    assert.deepEqual([ada?.spans, ada?.bytes_sent], ['[[0,59]]', 2500])
  })

  it('is told once, however often the file is taken', async (t) => {
    const { core, note, recorder } = await setUp(t)
    for (let time = 0; time < 3; time += 1) {
      core.clock.pass(1000)
      note('ada', 0, 100)
      await recorder.flush()
    }
    const { count } = await core.database.kysely
      .selectFrom('events')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('action', '=', 'file.picked-up')
      .executeTakeFirstOrThrow()
    assert.equal(Number(count), 1)
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const owner = await seedAccount(core, 'owner')
  const delivery = await transact(core, async (change) => {
    const row = await insertDelivery(change, {
      kind: 'download',
      organizationId: owner.organization_id,
      ownerId: owner.id,
      actorId: null,
      state: 'done',
    })
    await insertDeliveryFiles(change, [
      {
        deliveryNumber: row.number,
        name: 'a',
        mediaType: 'text/plain',
        state: 'available',
        storedFileId: null,
        size: 100,
      },
    ])
    return row
  })
  const [file] = await listDeliveryFiles(core.database.kysely, delivery.number, { limit: 1 })
  const fileNumber = file?.number ?? 0
  const errors: unknown[] = []
  const recorder = createPickupRecorder(core, (error) => errors.push(error))
  t.after(async () => {
    await recorder.close()
    assert.deepEqual(errors, [])
  })
  return {
    core,
    fileNumber,
    recorder,
    note: (accountId: string, start: number, end: number) =>
      recorder.note({ fileNumber, accountId, grantId: null, address: null, span: { start, end } }),
    pickups: () =>
      core.database.kysely.selectFrom('pickups').selectAll().orderBy('account_id').execute(),
  }
}
