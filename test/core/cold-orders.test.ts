import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeOrder, readOrder } from '../../src/core/orders/orders.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { publish } from '../support/products.ts'
import { runOrderJobs } from '../support/run-order-jobs.ts'
import { openTestS3 } from '../support/s3-store.ts'
import { openTestCore } from '../support/test-core.ts'

describe('an order of files in a cold storage class', () => {
  it('asks for their restoration, waits for it, and has them within reach then', async (t) => {
    const fake = await startFakeS3(t)
    const core = await openTestCore(t, { store: await openTestS3(t, fake.environment) })
    const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['order'] }))
    for (const id of ['cold-1', 'cold-2']) await publish(core, { id, files: { 'a.txt': id } })
    for (const object of fake.bucket.objects.values()) object.storageClass = 'DEEP_ARCHIVE'
    await publish(core, { id: 'near', files: { 'a.txt': 'near' } })
    const { number } = await placeOrder(core, ada, {
      ...{ queries: ['*:*'], dataTypes: [], fileNamePattern: null },
      ...{ correlationId: 'c', label: 'l', maxBytes: null },
    })
    const restorations = () => fake.requests.filter((line) => line.startsWith('POST')).length
    const available = async () => {
      const { order, delivery } = await readOrder(core, ada, number)
      return [order.available, delivery.state]
    }

    await runOrderJobs(core)
    assert.deepEqual(await available(), [1, 'running'])
    assert.equal(restorations(), 2)

    core.clock.pass(299_000)
    assert.equal(await runOrderJobs(core), 0)
    core.clock.pass(2000)
    await runOrderJobs(core)
    assert.deepEqual(await available(), [1, 'running'])
    assert.equal(restorations(), 2)

    fake.bucket.finishRestorations()
    core.clock.pass(301_000)
    await runOrderJobs(core)
    assert.deepEqual(await available(), [3, 'done'])
  })

  it('says of a file that is not there any more that it failed', async (t) => {
    const fake = await startFakeS3(t)
    const core = await openTestCore(t, { store: await openTestS3(t, fake.environment) })
    const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['order'] }))
    await publish(core, { id: 'gone', files: { 'a.txt': 'gone' } })
    fake.bucket.objects.clear()
    const { number } = await placeOrder(core, ada, {
      ...{ queries: ['*:*'], dataTypes: [], fileNamePattern: null },
      ...{ correlationId: 'c', label: 'l', maxBytes: null },
    })
    await runOrderJobs(core)
    const { delivery } = await readOrder(core, ada, number)
    assert.equal(delivery.state, 'failed')
  })
})
