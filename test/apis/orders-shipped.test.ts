import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import * as Schema from 'typebox/schema'
import { createOrdersClient } from '../support/orders-client.ts'
import { publish } from '../support/products.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'
import { until } from '../support/until.ts'

/** The parts that we answer of the live system's published OpenAPI description (rs-order, version 2.4.0), every member required. */
const schemas = JSON.parse(
  await readFile(new URL('../fixtures/orders/shipped-schemas.json', import.meta.url), 'utf8'),
) as Record<'applied' | 'available' | 'dataset' | 'order' | 'orders', object>

function assertShape(name: keyof typeof schemas, value: unknown): void {
  const [right, faults] = Schema.Compile(schemas[name]).Errors(value)
  assert.ok(right, `${JSON.stringify(faults)} in ${JSON.stringify(value)}`)
}

describe('the orders API in the shipped profile', () => {
  it('answers 200 always, with wrapped items, as the live system describes itself', async (t) => {
    const server = await startTestServer(t, {
      environment: { CLAIMCHECK_ORDERS_PROFILE: 'shipped', CLAIMCHECK_ORDER_BATCH_FILES: '1' },
      prepareFile: async ({ productId }) =>
        productId === 'p12' ? { askAgainSeconds: 3600 } : 'available',
    })
    const { core } = server
    const { call } = createOrdersClient(server.url)
    const ada = await createTestAccount(core, 'ada', { permissions: ['order'] })
    for (let index = 0; index < 13; index += 1) {
      await publish(core, { id: `p${index}`, files: { [`${index}.txt`]: `${index}` } })
    }
    const place = (queries: string[]) =>
      call<{ content: { orderId: number } }>(ada, '/rs-order/user/orders/apply', {
        body: { queries },
      })
    const waiting = await place(['productId:p12'])
    assert.equal(waiting.status, 200)
    assertShape('applied', waiting.body)
    const { orderId: pending } = waiting.body.content
    const none = await call(ada, `/rs-order/orders/${pending}/files/available`)
    assert.equal(none.status, 200)
    assertShape('available', none.body)
    assert.deepEqual(none.body.metadata, { size: 10, totalElements: 0, totalPages: 0, number: 0 })

    const { orderId } = (await place(['productId:p0'])).body.content
    const path = `/rs-order/orders/${orderId}/files/available`
    await until('its file is ready', async () => {
      const { body } = await call<{ metadata: { totalElements: number } }>(ada, path)
      return body.metadata.totalElements === 1
    })
    const { body } = await call<{ content: { content: { downloadUrl: string; id: number } }[] }>(
      ada,
      `${path}?page=x&size=y`,
    )
    assertShape('available', body)
    const { downloadUrl, id } = body.content[0]?.content ?? { downloadUrl: '', id: 0 }
    assert.equal(downloadUrl, `${server.url}/api/v1/rs-order/orders/files/${id}`)
    assert.equal((await call(ada, downloadUrl)).body, '0')
    const refused = await place(['a b'])
    assert.equal(refused.status, 422)
    assertShape('applied', refused.body)
    assert.equal((await place(['productId:nothing'])).status, 422)

    assertShape('order', (await call(ada, `/rs-order/user/orders/${orderId}`)).body)
    assertShape('orders', (await call(ada, '/rs-order/user/orders')).body)
    assertShape('dataset', (await call(ada, `/rs-order/orders/${orderId}/dataset/2/files`)).body)
    const metalink = await call<string>(ada, `/rs-order/user/orders/${orderId}/metalink/download`)
    assert.equal(metalink.headers.get('content-type'), 'application/metalink+xml')
    const [, link] =
      /<resources><url>(http[^<]*\?orderToken=[^<&]+&amp;scope=acme)</.exec(metalink.body) ?? []
    assert.ok(link !== undefined, metalink.body)
    assert.equal((await fetch(link.replace('&amp;', '&'))).status, 200)
    assert.doesNotMatch(metalink.body, /<hash/)
  })
})
