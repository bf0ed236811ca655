import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { KyselyPlugin } from 'kysely'
import type { Core } from '../../src/core/core.ts'
import { cancelDelivery } from '../../src/core/downloads.ts'
import { DeliveryError } from '../../src/core/errors.ts'
import {
  deleteOrder,
  pauseOrder,
  resumeOrder,
  retryOrder,
} from '../../src/core/orders/order-actions.ts'
import {
  openOrderFile,
  pageAvailable,
  pageAvailableOfBatch,
} from '../../src/core/orders/order-contents.ts'
import { placeOrder, readOrder } from '../../src/core/orders/orders.ts'
import { publishProduct, withdrawProduct } from '../../src/core/orders/products.ts'
import { createPickupRecorder } from '../../src/core/pickups.ts'
import { sweep } from '../../src/core/sweep.ts'
import type { PrepareFile } from '../../src/workers/prepare-file.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { publish } from '../support/products.ts'
import { runOrderJobs } from '../support/run-order-jobs.ts'
import { sized } from '../support/size.ts'
import { openTestCore } from '../support/test-core.ts'

describe('an order', () => {
  it('is cut at so many files or bytes, whichever comes first', async (t) => {
    const { core, ada, order, batches } = await setUp(t, {
      orderBatchFiles: 3,
      orderBatchBytes: 10,
    })
    const sizes = [1, 1, 1, 9, 1, 20, 5]
    for (const [index, size] of sizes.entries()) {
      await publish(core, { id: `p${index}`, files: { 'a.txt': 'x'.repeat(size) } })
    }
    const number = await order(ada, '*:*')
    assert.deepEqual(
      (await batches(number)).map(({ files, bytes }) => [files, bytes]),
      [
        [3, 3],
        [2, 10],
        [1, 20],
        [1, 5],
      ],
    )
  })

  it('has the files that its filters leave, each once, by dataset', async (t) => {
    const { core, ada, order, view } = await setUp(t)
    await publish(core, { id: 'a', files: { 'a.txt': '1', 'a.png': '22', 'b.txt': '333' } })
    await publish(core, { id: 'b', files: { 'a.txt': '4444' }, dataset: 'others' })
    const wish = { dataTypes: ['RAWDATA' as const], fileNamePattern: 'a\\..*' }
    const number = await order(ada, ['productId:a', '*:*'], wish)
    const { order: row, datasets } = await view(ada, number)
    assert.deepEqual([row.files, row.bytes], [2, 5])
    assert.deepEqual(
      datasets.map(({ dataset, objects, files, bytes }) => [dataset, objects, files, bytes]),
      [
        ['measurements', 1, 1, 1],
        ['others', 1, 1, 4],
      ],
    )
  })

  it('is filled by a job when it is large, and counts a product that comes in pieces once', async (t) => {
    const { core, ada, order, view } = await setUp(t)
    await publishMany(core, { products: 2, files: 1300 })
    const number = await order(ada, '*:*')
    assert.equal((await view(ada, number)).order.files, 1000)
    await publish(core, { id: 'later', files: { 'a.txt': 'a' } })
    await runOrderJobs(core)
    const { order: row, datasets, delivery } = await view(ada, number)
    assert.deepEqual([row.files, row.available, row.fill_until], [2600, 2600, null])
    assert.deepEqual([datasets[0]?.objects, datasets[0]?.files], [2, 2600])
    assert.equal(delivery.state, 'done')
  })

  it('is refused without files, over the limits, and without the permission', async (t) => {
    const { core, ada, order } = await setUp(t, { orderMaxFiles: 1 })
    await publish(core, { id: 'a', files: { 'a.txt': '1', 'b.txt': '1' } })
    await assert.rejects(order(ada, 'productId:none'), { code: 'not_found' })
    await assert.rejects(order(ada, '*:*'), { code: 'limit_reached' })
    await assert.rejects(order(ada, '*:*', { fileNamePattern: 'a.txt', maxBytes: 0 }), {
      code: 'limit_reached',
    })
    const bob = principalOfAccount(await seedAccount(core, 'bob'))
    await assert.rejects(order(bob, '*:*'), { code: 'forbidden' })
    await order(ada, '*:*', { fileNamePattern: 'a.txt', maxBytes: 1 })
  })
})

describe('the block', () => {
  it('lets two sub-orders of an account go ahead, over all of its orders, and others on', async (t) => {
    const { core, ada, order, states, take } = await setUp(t, { orderBatchFiles: 1 })
    const bob = principalOfAccount(await seedAccount(core, 'bob', { permissions: ['order'] }))
    await publishMany(core, { products: 3, files: 1 })
    const first = await order(ada, 'productId:p0')
    const second = await order(ada, '*:*')
    const bobs = await order(bob, 'productId:p0')
    await runOrderJobs(core)
    assert.deepEqual(await states(first), ['ready'])
    assert.deepEqual(await states(second), ['ready', 'waiting', 'waiting'])
    assert.deepEqual(await states(bobs), ['ready'])
    await take(ada, second, 0)
    await runOrderJobs(core)
    assert.deepEqual(await states(second), ['over', 'ready', 'waiting'])
    await take(ada, first, 0)
    await runOrderJobs(core)
    assert.deepEqual(await states(second), ['over', 'ready', 'ready'])
    assert.deepEqual(await states(first), ['over'])
  })

  const ends = {
    'is deleted': async ({ core, ada }: SetUp, number: number) => deleteOrder(core, ada, number),
    'is over its time': async ({ core }: SetUp) => {
      core.clock.pass(core.settings.orderSeconds * 1000 - 500)
      await sweep(core, { orphans: false })
    },
  }
  for (const [what, end] of Object.entries(ends)) {
    it(`ends when the order before ${what}`, async (t) => {
      const set = await setUp(t, { orderBatchFiles: 1 })
      const { core, ada, order, states } = set
      await publishMany(core, { products: 2, files: 1 })
      const first = await order(ada, '*:*')
      core.clock.pass(1000)
      const second = await order(ada, '*:*')
      await runOrderJobs(core)
      assert.deepEqual(await states(second), ['waiting', 'waiting'])
      await end(set, first)
      await runOrderJobs(core)
      assert.deepEqual(await states(second), ['ready', 'ready'])
    })
  }

  it('goes by when a pending order is cancelled or paused', async (t) => {
    const { core, ada, order, states } = await setUp(t, { orderBatchFiles: 1 })
    await publishMany(core, { products: 2, files: 1 })
    const [first, second, third] = [
      await order(ada, '*:*'),
      await order(ada, '*:*'),
      await order(ada, '*:*'),
    ]
    await pauseOrder(core, ada, first)
    assert.deepEqual(await states(first), ['waiting', 'waiting'])
    assert.deepEqual(await states(second), ['preparing', 'preparing'])
    const { delivery } = await readOrder(core, ada, second)
    await cancelDelivery(core, ada, delivery.id)
    assert.deepEqual(await states(third), ['preparing', 'preparing'])
    await runOrderJobs(core)
    assert.deepEqual(await states(third), ['ready', 'ready'])
    await resumeOrder(core, ada, first)
    assert.deepEqual(await states(first), ['waiting', 'waiting'])
  })
})

describe('what is picked up', () => {
  it('counts only when all bytes went out, ranges added up', async (t) => {
    const { core, ada, order, view, pickups, fileAt } = await setUp(t)
    await publish(core, { id: 'a', files: { 'a.txt': '0123456789' } })
    const number = await order(ada, '*:*')
    await runOrderJobs(core)
    const note = async (start: number, end: number) => {
      const fileNumber = await fileAt(number, 0)
      const { accountId } = ada
      pickups.note({ fileNumber, accountId, grantId: null, address: null, span: { start, end } })
      await pickups.flush()
      const { order: row } = await view(ada, number)
      return [row.available, row.delivered]
    }
    assert.deepEqual(await note(0, 5), [1, 0])
    assert.deepEqual(await note(6, 10), [1, 0])
    assert.deepEqual(await note(5, 6), [0, 1])
    assert.deepEqual(await note(0, 10), [0, 1])
  })

  it("does not count when an administrator looks, or when it is somebody else's", async (t) => {
    const { core, ada, order, view, take } = await setUp(t)
    const admin = principalOfAccount(await seedAccount(core, 'root', { permissions: ['admin'] }))
    await publishMany(core, { products: 1, files: 1 })
    const number = await order(ada, '*:*')
    await runOrderJobs(core)
    await take(admin, number, 0)
    assert.equal((await view(ada, number)).order.available, 1)
  })

  it('counts for every open order of the account when it comes from the catalogue', async (t) => {
    const { core, ada, order, view, pickups, fileAt } = await setUp(t)
    const bob = principalOfAccount(await seedAccount(core, 'bob', { permissions: ['order'] }))
    await publish(core, { id: 'a', files: { 'a.txt': 'abc' } })
    const numbers = [await order(ada, '*:*'), await order(ada, '*:*'), await order(bob, '*:*')]
    await runOrderJobs(core)
    const { file } = await openOrderFile(core, ada, await fileAt(numbers[0] ?? 0, 0))
    const storedFileId = file.stored_file_id ?? ''
    for (const span of [
      { start: 0, end: 1 },
      { start: 1, end: 3 },
    ]) {
      const { accountId } = ada
      pickups.note({ fileNumber: { storedFileId }, accountId, grantId: null, address: null, span })
    }
    await pickups.flush()
    const left = []
    for (const [index, number] of numbers.entries()) {
      left.push((await view(index === 2 ? bob : ada, number)).order.available)
    }
    assert.deepEqual(left, [0, 0, 1])
  })
})

describe('preparation', () => {
  it('asks again for what is on its way, without holding a worker', async (t) => {
    const { core, ada, order, view } = await setUp(t)
    await publishMany(core, { products: 2, files: 1 })
    const number = await order(ada, '*:*')
    const cold: PrepareFile = async ({ productId, orderedAt }) =>
      productId === 'p0' || core.clock() >= orderedAt + 60_000
        ? 'available'
        : { askAgainSeconds: 60 }
    assert.equal(await runOrderJobs(core, cold), 1)
    assert.equal((await view(ada, number)).order.available, 1)
    assert.equal((await view(ada, number)).delivery.state, 'running')
    assert.equal(await runOrderJobs(core, cold), 0)
    core.clock.pass(60_000)
    assert.equal(await runOrderJobs(core, cold), 1)
    assert.equal((await view(ada, number)).delivery.state, 'done')
  })

  it('fails single files, which can be tried again', async (t) => {
    const { core, ada, order, view, batches } = await setUp(t, { orderBatchFiles: 2 })
    await publishMany(core, { products: 3, files: 1 })
    const number = await order(ada, '*:*')
    await runOrderJobs(core, async ({ productId }) =>
      productId === 'p1' ? { failed: 'The tape is torn.' } : 'available',
    )
    const incomplete = await view(ada, number)
    assert.equal(incomplete.delivery.state, 'incomplete')
    assert.deepEqual([incomplete.order.available, incomplete.order.failed], [2, 1])
    await retryOrder(core, ada, number)
    assert.deepEqual([(await view(ada, number)).delivery.state], ['pending'])
    await runOrderJobs(core)
    const done = await view(ada, number)
    assert.deepEqual([done.delivery.state, done.order.available, done.order.failed], ['done', 3, 0])
    assert.deepEqual(
      (await batches(number)).map(({ pending, available }) => [pending, available]),
      [
        [0, 2],
        [0, 1],
      ],
    )
  })

  it('comes to an end also when it cannot even be tried', async (t) => {
    const { core, ada, order, view } = await setUp(t)
    await publishMany(core, { products: 1, files: 3 })
    const number = await order(ada, '*:*')
    const broken: PrepareFile = async () => {
      throw new Error('broken on purpose')
    }
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await runOrderJobs(core, broken)
      core.clock.pass(3600_000)
    }
    const { delivery, order: row } = await view(ada, number)
    assert.equal(delivery.state, 'failed')
    assert.equal(row.failed, 3)
  })

  it('shows nothing of an attempt that was paused meanwhile', async (t) => {
    const { core, ada, order, view } = await setUp(t)
    await publishMany(core, { products: 1, files: 1 })
    const number = await order(ada, '*:*')
    await runOrderJobs(core, async () => {
      await pauseOrder(core, ada, number)
      return 'available'
    })
    assert.equal((await view(ada, number)).order.available, 0)
    await resumeOrder(core, ada, number)
    core.clock.pass(60_000)
    await runOrderJobs(core)
    assert.equal((await view(ada, number)).delivery.state, 'done')
  })
})

describe('bytes', () => {
  it('stay as long as a product or an order refers to them, and go with the last', async (t) => {
    const { core, ada, order, fileAt } = await setUp(t)
    const { urn } = await publish(core, { id: 'a', files: { 'a.txt': 'abc' } })
    const first = await order(ada, '*:*')
    await runOrderJobs(core)
    const objects = async () => {
      await sweep(core, { orphans: false })
      const keys = []
      for await (const { key } of core.store.list('')) keys.push(key)
      return keys.length
    }
    core.clock.pass(core.settings.orderSeconds * 1000)
    assert.equal(await objects(), 1)
    await assert.rejects(openOrderFile(core, ada, await fileAt(first, 0)), { code: 'expired' })
    const second = await order(ada, '*:*')
    await runOrderJobs(core)
    await withdrawProduct(core, 'system', urn)
    assert.equal(await objects(), 1)
    assert.equal((await openOrderFile(core, ada, await fileAt(second, 0))).bytes.size, 3)
    await deleteOrder(core, ada, second)
    assert.equal(await objects(), 0)
  })
})

describe('pages', () => {
  const count = sized(6000, 100_000)

  it(`deep in ${count} files read no more than the first`, async (t) => {
    const { core, ada, order, take, batches } = await setUp(t, { orderBatchFiles: count })
    await publishMany(core, { products: count / 1000, files: 1000 })
    const number = await order(ada, '*:*')
    await runOrderJobs(core)
    for (const position of [0, 1, 70, 4097]) await take(ada, number, position)
    const counted = countRows(core)
    const read = async (offset: number) => {
      counted.reset()
      const page = { offset, limit: 50 }
      const { files, total } = await pageAvailable(counted.core, ada, { order: number, page })
      assert.equal(total, count - 4)
      return { positions: files.map((file) => file.position), ...counted.read() }
    }
    const first = await read(0)
    assert.deepEqual(first.positions.slice(0, 3), [2, 3, 4])
    const deep = await read(count - 100)
    assert.deepEqual(deep.positions[0], count - 96)
    assert.equal(deep.positions.length, 50)
    assert.equal((await read(count)).positions.length, 0)
    // Up to 64 rows of each of the three levels of counts, and 63 files to step over.
    assert.ok(deep.rows <= first.rows + 4 * 64, `${deep.rows} rows, ${first.rows} for the first`)
    assert.equal(deep.queries, first.queries)
    const [batch] = await batches(number)
    counted.reset()
    const page = { offset: count - 100, limit: 50 }
    const asked = { order: number, batch: batch?.number ?? 0, page }
    const ofBatch = await pageAvailableOfBatch(counted.core, ada, asked)
    assert.deepEqual(
      ofBatch.files.map((file) => file.position),
      deep.positions,
    )
    assert.ok(counted.read().rows <= first.rows + 8 * 64)
  })

  it('hold what is available and not picked up, whatever has happened', async (t) => {
    const { core, ada, order, take, view } = await setUp(t, { orderBatchFiles: 150 })
    await publishMany(core, { products: 1, files: 400 })
    const number = await order(ada, '*:*')
    await runOrderJobs(core, async ({ number: file }) =>
      file % 7 === 0 ? { failed: 'Every seventh.' } : 'available',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(399), { maxLength: 5 }),
        fc.nat(300),
        fc.integer({ min: 1, max: 100 }),
        async (positions, offset, limit) => {
          for (const position of positions) await take(ada, number, position)
          await runOrderJobs(core)
          const expected = await core.database.kysely
            .selectFrom('delivery_files')
            .select('number')
            .where('delivery_number', '=', number)
            .where('state', '=', 'available')
            .orderBy('number')
            .execute()
          const asked = { order: number, page: { offset, limit } }
          const { files, total } = await pageAvailable(core, ada, asked)
          assert.equal(total, expected.length)
          assert.deepEqual(
            files.map((file) => file.file_number),
            expected.slice(offset, offset + limit).map((file) => file.number),
          )
        },
      ),
      { numRuns: sized(40, 500) },
    )
    const { order: row } = await view(ada, number)
    const all = await core.database.kysely
      .selectFrom('order_counts')
      .select((eb) => eb.fn.sum<number>('available').as('sum'))
      .where('order_number', '=', number)
      .where('level', '=', 2)
      .executeTakeFirstOrThrow()
    assert.equal(Number(all.sum), row.available)
  })
})

type SetUp = Awaited<ReturnType<typeof setUp>>

async function setUp(t: TestContext, settings: Partial<Core['settings']> = {}) {
  const opened = await openTestCore(t)
  const core = { ...opened, settings: { ...opened.settings, ...settings } }
  const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['order'] }))
  const pickups = createPickupRecorder(core, (error) => {
    throw error
  })
  const { kysely } = core.database

  async function order(
    principal: typeof ada,
    queries: string | string[],
    wish: Partial<Parameters<typeof placeOrder>[2]> = {},
  ): Promise<number> {
    const { number } = await placeOrder(core, principal, {
      queries: [queries].flat(),
      dataTypes: [],
      fileNamePattern: null,
      correlationId: 'c',
      label: 'l',
      maxBytes: null,
      ...wish,
    })
    return number
  }

  const batches = (number: number) =>
    kysely
      .selectFrom('order_batches')
      .selectAll()
      .where('order_number', '=', number)
      .orderBy('position')
      .execute()

  async function fileAt(number: number, position: number): Promise<number> {
    const row = await kysely
      .selectFrom('order_files')
      .select('file_number')
      .where('order_number', '=', number)
      .where('position', '=', position)
      .executeTakeFirstOrThrow()
    return row.file_number
  }

  async function take(principal: typeof ada, number: number, position: number): Promise<void> {
    const fileNumber = await fileAt(number, position)
    const { bytes } = await openOrderFile(core, principal, fileNumber).catch((error: unknown) => {
      if (error instanceof DeliveryError && error.code !== 'not_yours') return { bytes: null }
      throw error
    })
    if (bytes === null) return
    const { accountId } = principal
    const span = { start: 0, end: bytes.size }
    pickups.note({ fileNumber, accountId, grantId: null, address: null, span })
    await pickups.flush()
  }

  return {
    core,
    ada,
    order,
    batches,
    fileAt,
    take,
    pickups,
    view: (principal: typeof ada, number: number) => readOrder(core, principal, number),
    states: async (number: number) => (await batches(number)).map((batch) => batch.state),
  }
}

/** Many products whose files are all the same bytes. */
async function publishMany(
  core: Core,
  { products, files }: { products: number; files: number },
): Promise<void> {
  const model = await publish(core, { id: 'model', files: { 'model.txt': 'same' } })
  const { stored_file_id: storedFileId } = await core.database.kysely
    .selectFrom('product_files')
    .select('stored_file_id')
    .where('product_number', '=', model.number)
    .executeTakeFirstOrThrow()
  for (let index = 0; index < products; index += 1) {
    await publishProduct(core, 'system', {
      organizationId: model.organization_id,
      productId: `p${index}`,
      dataset: { id: 'd', label: 'd' },
      files: Array.from({ length: files }, (_, file) => ({
        name: `${file}.txt`,
        mediaType: 'text/plain',
        dataType: 'RAWDATA',
        bytes: { storedFileId },
      })),
    })
  }
  await withdrawProduct(core, 'system', model.urn)
}

/** The core with a count of the queries it makes and of the rows they return. */
function countRows(core: Core) {
  let queries = 0
  let rows = 0
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      queries += 1
      rows += result.rows.length
      return result
    },
  }
  const kysely = core.database.kysely.withPlugin(plugin)
  return {
    core: { ...core, database: { ...core.database, kysely } },
    read: () => ({ queries, rows }),
    reset() {
      queries = 0
      rows = 0
    },
  }
}
