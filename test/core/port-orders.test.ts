import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setPermissions, suspendAccount } from '../../src/core/accounts/accounts.ts'
import type { Core } from '../../src/core/core.ts'
import { findDeliveryByNumber } from '../../src/core/deliveries.ts'
import { cancelDelivery } from '../../src/core/downloads.ts'
import { changeStatus, updatePortOrder } from '../../src/core/port-orders/change-port-orders.ts'
import { announceUpload, listDocuments } from '../../src/core/port-orders/port-order-files.ts'
import {
  deliveryStateOf,
  isFinal,
  moverOf,
  portOrderStatuses,
  summarize,
} from '../../src/core/port-orders/port-order-status.ts'
import { createPortOrders, findPortOrder } from '../../src/core/port-orders/port-orders.ts'
import { receiveDocument } from '../../src/core/port-orders/receive-document.ts'
import { sweep } from '../../src/core/sweep.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const day = 24 * 3600 * 1000

describe('port orders', () => {
  it('that wait 45 days for their customer are canceled, or abandoned when rejected', async (t) => {
    const { core, ada, admin, create, statusOf } = await setUp(t)
    const [pending, touched, rejected] = [await create(), await create(), await create()]
    await changeStatus(core, ada, { number: rejected, to: 'processing' })
    await changeStatus(core, admin, { number: rejected, to: 'rejected' })
    core.clock.pass(44 * day)
    await updatePortOrder(core, ada, { number: touched, words: { alias: 'still there' } })
    assert.equal((await sweep(core, { orphans: false })).lapsed, 0)
    core.clock.pass(day)
    assert.equal((await sweep(core, { orphans: false })).lapsed, 2)
    assert.equal(await statusOf(pending), 'canceled')
    assert.equal(await statusOf(touched), 'pending')
    assert.equal(await statusOf(rejected), 'abandoned')
    core.clock.pass(44 * day)
    assert.equal((await sweep(core, { orphans: false })).lapsed, 1)
    assert.equal((await sweep(core, { orphans: false })).lapsed, 0)
  })

  it('move the delivery of their documents with them, and nobody else does', async (t) => {
    const { core, ada, admin, create } = await setUp(t)
    const number = await create()
    const stateOf = async () => (await findDeliveryByNumber(core.database.kysely, number))?.state
    const path = ['processing', 'submitted', 'rejected', 'review', 'accepted', 'completed'] as const
    for (const to of path) {
      await changeStatus(core, to === 'processing' || to === 'review' ? ada : admin, { number, to })
      assert.equal(await stateOf(), deliveryStateOf(to))
    }
    const other = await create()
    const delivery = await findDeliveryByNumber(core.database.kysely, other)
    await refusal('conflict', cancelDelivery(core, ada, delivery?.id ?? ''))
  })

  it('keep their documents apart from the sweep, and a document that never came is harmless', async (t) => {
    const { core, ada, create } = await setUp(t)
    const number = await create()
    const wish = { number, name: 'a.pdf', expiredStatus: 401 } as const
    const { grant } = await announceUpload(core, ada, wish)
    await announceUpload(core, ada, { ...wish, name: 'never.pdf' })
    async function* bytes() {
      yield Buffer.from('bytes')
    }
    await receiveDocument(core, grant.id, { source: bytes() })
    core.clock.pass(2 * day)
    const report = await sweep(core, { orphans: true })
    assert.equal(report.orphans + report.unreferenced, 0)
    const statuses = (await listDocuments(core, ada, number)).map((document) => document.status)
    assert.deepEqual(statuses, ['complete', 'pending'])
  })
})

describe('a document whose bytes come while a right is lost', () => {
  for (const [what, lose] of [
    ['its account is suspended', (core, id) => suspendAccount(core, 'system', id)],
    [
      'its account loses the permission',
      (core, accountId) => setPermissions(core, 'system', { accountId, permissions: [] }),
    ],
  ] as [string, (core: Core, id: string) => Promise<unknown>][]) {
    it(`is not taken: ${what}`, async (t) => {
      const { core, ada, admin, create } = await setUp(t)
      const number = await create()
      const wish = { number, name: 'a.pdf', expiredStatus: 401 } as const
      const { grant } = await announceUpload(core, ada, wish)
      async function* source() {
        yield Buffer.from('some')
        await lose(core, ada.accountId)
        yield Buffer.from('more')
      }
      await refusal('forbidden', receiveDocument(core, grant.id, { source: source() }))
      const [document] = await listDocuments(core, admin, number)
      assert.equal(document?.status, 'pending')
      for await (const { key } of core.store.list('')) assert.fail(key)
    })
  }
})

describe('the statuses of port orders', () => {
  it('have no step to themselves, and none out of their end', () => {
    for (const from of portOrderStatuses) {
      for (const to of portOrderStatuses) {
        const step = () => moverOf(from, to)
        if (from === to || isFinal(from)) assert.throws(step, /cannot become/)
      }
    }
    const ends = portOrderStatuses.filter(isFinal)
    assert.deepEqual(ends, ['completed', 'canceled', 'abandoned', 'hard_canceled'])
  })

  it('are summed up as the documentation says', () => {
    assert.equal(summarize(['completed', 'pending']), 'Requires Action')
    assert.equal(summarize(['rejected', 'accepted']), 'Requires Action')
    assert.equal(summarize(['submitted', 'completed']), 'In Progress')
    assert.equal(summarize(['completed', 'canceled']), 'Completed')
    assert.equal(summarize(['abandoned', 'hard_canceled', 'canceled']), 'Canceled')
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['port-orders'] }))
  const admin = principalOfAccount(await seedAccount(core, 'admin', { permissions: ['admin'] }))
  return {
    core,
    ada,
    admin,
    async create(): Promise<number> {
      const { orders } = await createPortOrders(core, ada, { numbers: ['+12065551234'] })
      return orders[0]?.delivery_number ?? 0
    },
    statusOf: async (number: number) => (await findPortOrder(core, ada, number)).status,
  }
}
