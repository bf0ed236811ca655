import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createOrdersClient } from '../support/orders-client.ts'
import { publish } from '../support/products.ts'
import {
  createTestAccount,
  startTestServer,
  type TestServerOptions,
} from '../support/test-server.ts'
import { until } from '../support/until.ts'

describe('the orders API', () => {
  it('prepares two sub-orders, blocks the third until a file was picked up, and ends', async (t) => {
    const { ada, available, call, order, show } = await setUp(t)
    const id = await order(ada, 'productId:(p1 OR p2 OR p3)')
    await until(
      'two files are ready',
      async () => (await available(ada, id)).body.metadata?.totalElements === 2,
    )
    const first = await available(ada, id)
    assert.equal(first.status, 206)
    assert.equal(first.headers.get('cache-control'), 'private, no-store')
    assert.equal(first.headers.get('content-range'), null)
    assert.deepEqual(
      first.body.content.map((file) => file.filename),
      ['p1.txt', 'p2.txt'],
    )
    assert.equal((await show(ada, id)).status, 'RUNNING')
    assert.equal((await show(ada, id)).waitingForUser, true)
    const file = await call<string>(ada, first.body.content[0]?.uri ?? '')
    assert.equal(file.status, 200)
    assert.equal(file.body, 'bytes of p1')
    await until('the order is over', async () => (await available(ada, id)).status === 200)
    const over = await available(ada, id)
    assert.deepEqual(
      over.body.content.map((one) => one.filename),
      ['p2.txt', 'p3.txt'],
    )
    assert.equal((await show(ada, id)).status, 'DONE')
    assert.equal((await show(ada, id)).percentCompleted, 100)
  })
})

async function setUp(t: TestContext, options: TestServerOptions = {}) {
  const server = await startTestServer(t, {
    ...options,
    environment: { CLAIMCHECK_ORDER_BATCH_FILES: '1', ...options.environment },
  })
  const { core } = server
  const ada = await createTestAccount(core, 'ada', { permissions: ['order'] })
  for (const id of ['p1', 'p2', 'p3', 'p4']) {
    await publish(core, { id, files: { [`${id}.txt`]: `bytes of ${id}` } })
  }
  return { server, core, ada, ...createOrdersClient(server.url) }
}
