import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount, type TestAccount } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { by, type Page, startWorld, type World } from '../../support/v1-world.ts'

interface ProductJson {
  urn: string
  productId: string
  dataset: { id: string; label: string }
  files: number
  bytes: number
}

describe('/v1/products', () => {
  let world: World
  let buyer: TestAccount
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
    buyer = await createTestAccount(world.server.core, 'buyer', { permissions: ['order'] })
  })

  function form(product: unknown, files: Record<string, string>, field = 'file'): FormData {
    const made = new FormData()
    made.append('product', typeof product === 'string' ? product : JSON.stringify(product))
    for (const [name, text] of Object.entries(files)) made.append(field, new Blob([text]), name)
    return made
  }

  const publish = (account: TestAccount, body: FormData) =>
    world.ask('POST', '/v1/products', by(account, { body }))

  const list = (account: TestAccount) =>
    world.json<Page<ProductJson>>('GET', '/v1/products', by(account))

  async function stored(): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of world.server.core.store.list('products')) keys.push(key)
    return keys.sort()
  }

  it('publishes a form of files as one product, which is found, ordered and withdrawn', async () => {
    const { admin, json, ask } = world
    const about = { productId: 'scene-1', dataset: { id: 'scenes', label: 'Scenes' } }
    const body = form(
      { ...about, properties: { platform: 'S2A', bands: [1, 2] } },
      { 'a.csv': 'a,b\n', 'été.txt': 'summer' },
    )
    body.append('quicklook', new Blob(['a picture']), 'look.png')
    const made = await publish(admin, body)
    assert.equal(made.status, 201, made.text)
    const product = made.body as ProductJson
    const known = { ...about, urn: product.urn, files: 3, bytes: 19 }
    for (const account of [admin, buyer]) {
      const { items } = await list(account)
      assert.deepEqual(
        items.map(({ urn, productId, dataset, files, bytes }) => ({
          ...{ productId, dataset, urn, files, bytes },
        })),
        [known],
      )
    }
    assert.deepEqual((await list(world.eve)).items, [], 'another organization sees it')
    assert.equal((await ask('GET', '/v1/products', by(world.ada))).status, 403)

    const placed = by(buyer, { body: { queries: ['platform:S2A AND bands:2'] } })
    const order = await json<{ deliveryId: string }>('POST', '/v1/orders', {
      ...placed,
      status: 201,
    })
    const files = `/v1/deliveries/${order.deliveryId}/files`
    const { items } = await json<Page<{ name: string; mediaType: string }>>('GET', files, by(buyer))
    assert.deepEqual(items.map(({ name, mediaType }) => [name, mediaType]).sort(), [
      ['a.csv', 'text/csv'],
      ['look.png', 'image/png'],
      ['été.txt', 'text/plain'],
    ])

    const again = await publish(admin, form(about, { 'b.csv': 'b' }))
    assert.equal(again.status, 409)
    const at = `/v1/products/${encodeURIComponent(product.urn)}`
    assert.equal((await ask('DELETE', at, by(buyer))).status, 403)
    assert.equal((await ask('DELETE', at, by(world.eve))).status, 404)
    assert.equal((await ask('DELETE', at, by(admin))).status, 204)
    assert.deepEqual((await list(buyer)).items, [])
    assert.equal((await ask('DELETE', at, by(admin))).status, 404)
  })

  it('takes many files, and keeps none of a form whose sender goes away', async () => {
    const { admin, server } = world
    const before = await stored()
    const about = { productId: 'many', dataset: { id: 'scenes' } }
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const names = Array.from({ length: 40 }, (_, index) => [`${index}.txt`, `file ${index}`])
    const made = await publish(admin, form(about, Object.fromEntries(names)))
    assert.equal(made.status, 201, made.text)
    process.off('warning', note)
    assert.deepEqual(warnings, [])
    const kept = await stored()
    assert.equal(kept.length, before.length + 40)

    const leaving = new AbortController()
    const part = (fields: string, text: string) =>
      `--b\r\ncontent-disposition: form-data; ${fields}\r\n\r\n${text}`
    const sent = [
      part('name="product"', JSON.stringify(about)),
      part('name="file"; filename="a"', 'whole'),
      part('name="file"; filename="b"', 'begun'),
    ].join('\r\n')
    const asked = fetch(`${server.url}/v1/products`, {
      method: 'POST',
      headers: { ...admin.headers, 'content-type': 'multipart/form-data; boundary=b' },
      body: new ReadableStream({ start: (body) => body.enqueue(Buffer.from(sent)) }),
      duplex: 'half',
      signal: leaving.signal,
    } as RequestInit)
    await until('the first file is stored', async () => (await stored()).length > kept.length)
    leaving.abort()
    await assert.rejects(asked)
    await until('it is removed', async () => (await stored()).length === kept.length)
    assert.deepEqual(await stored(), kept)
    await until('it is logged', () => server.log.some(({ msg }) => msg === 'The client left'))
    assert.ok(server.log.every(({ level }) => level !== 'error'))
    const { urn } = made.body as ProductJson
    await world.ask('DELETE', `/v1/products/${encodeURIComponent(urn)}`, by(admin))
  })

  it('keeps nothing of what it refuses', async () => {
    const { admin, ada, ask } = world
    const kept = await stored()
    const about = { productId: 'scene-2', dataset: { id: 'scenes' } }
    const file = { 'a.csv': 'a' }
    const refused: [status: number, body: FormData][] = [
      [422, form({ ...about, colour: 'red' }, file)],
      [422, form({ ...about, productId: '' }, file)],
      [422, form(about, {})],
      [422, form(about, file, 'attachment')],
      [422, form(about, { '..': 'a' })],
      [422, twice(about, file)],
      [400, form('{"productId":', file)],
      [400, withoutProduct(file)],
    ]
    for (const [status, body] of refused) {
      const { status: answered, text } = await publish(admin, body)
      assert.equal(answered, status, text)
    }
    assert.equal((await publish(ada, form(about, file))).status, 403)
    assert.equal((await publish(buyer, form(about, file))).status, 403)
    assert.equal((await ask('POST', '/v1/products', by(admin, { body: about }))).status, 415)
    assert.deepEqual((await list(admin)).items, [])
    assert.deepEqual(await stored(), kept)
  })

  function twice(product: unknown, files: Record<string, string>): FormData {
    const made = form(product, files)
    made.append('product', JSON.stringify(product))
    return made
  }

  function withoutProduct(files: Record<string, string>): FormData {
    const made = form({}, files)
    made.delete('product')
    return made
  }
})
