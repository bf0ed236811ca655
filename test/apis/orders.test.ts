import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { suspendAccount } from '../../src/core/accounts/accounts.ts'
import type { PrepareFile } from '../../src/workers/prepare-file.ts'
import { createOrdersClient, type Listing } from '../support/orders-client.ts'
import { publish } from '../support/products.ts'
import {
  createTestAccount,
  startTestServer,
  type TestAccount,
  type TestServerOptions,
} from '../support/test-server.ts'
import { until } from '../support/until.ts'

const fixtures = new URL('../fixtures/orders/', import.meta.url)

describe('the orders API', () => {
  it('prepares two sub-orders, blocks the third until a file was picked up, and ends', async (t) => {
    const { ada, available, call, order, ready, show } = await setUp(t)
    const id = await order(ada, 'productId:(p1 OR p2 OR p3)')
    const first = await ready(ada, id, 2)
    assert.equal(first.status, 206)
    assert.equal(first.headers.get('cache-control'), 'private, no-store')
    assert.equal(first.headers.get('content-range'), null)
    assert.deepEqual(namesOf(first.body), ['p1.txt', 'p2.txt'])
    const shown = await show(ada, id)
    assert.deepEqual([shown.status, shown.waitingForUser], ['RUNNING', true])
    const file = await call<string>(ada, first.body.content[0]?.uri ?? '')
    assert.deepEqual([file.status, file.body], [200, 'bytes of p1'])
    await until('the order is over', async () => (await available(ada, id)).status === 200)
    assert.deepEqual(namesOf((await available(ada, id)).body), ['p2.txt', 'p3.txt'])
    const over = await show(ada, id)
    assert.deepEqual([over.status, over.percentCompleted], ['DONE', 100])
  })

  it("answers the document's own curl as the document prints it", async (t) => {
    const { server, core, ada, order, ready } = await setUp(t)
    const files = { 'file.txt': 'a'.repeat(1523), 'file2.txt': 'b'.repeat(1523) }
    await publish(core, { id: 'product', files })
    const id = await order(ada, 'productId:product')
    await ready(ada, id, 2)
    const printed = await readFile(new URL('curl.sh', fixtures), 'utf8')
    const command = printed
      .replace('<HOST>', server.url)
      .replace('{orderId}', String(id))
      .replace('<token>', ada.token)
    const output = await run('sh', ['-c', command])
    if (output === null) return t.skip('curl is not installed')
    assert.match(output.stderr, /< HTTP\/1\.1 200 OK/)
    const documented = JSON.parse(await readFile(new URL('available.json', fixtures), 'utf8'))
    const answered = JSON.parse(output.stdout) as Listing
    const { size, ...metadata } = answered.metadata
    assert.deepEqual(metadata, documented.metadata)
    assert.equal(size, 50)
    for (const [index, file] of answered.content.entries()) {
      const expected = documented.content[index]
      assert.deepEqual(Object.keys(file), Object.keys(expected))
      assert.equal(file.filename, expected.filename)
      const uri = new RegExp(`^${server.url}/api/v1/rs-catalog/URN:[^/]+/files/${file.checksum}$`)
      assert.match(file.uri, uri)
    }
  })

  it('says by its status whether the order is over, whatever page is asked for', async (t) => {
    const { ada, call, order, available, ready } = await setUp(t, { prepareFile: neverP1 })
    const statuses = async (id: number) => [
      (await available(ada, id)).status,
      (await available(ada, id, '?page=99999&size=1000')).status,
    ]
    const pending = await order(ada, 'productId:p1')
    assert.deepEqual(await statuses(pending), [204, 204])
    assert.equal((await available(ada, pending)).headers.get('content-type'), null)
    await call(ada, `/rs-order/user/orders/pause/${pending}`, { method: 'PUT' })
    assert.deepEqual(await statuses(pending), [204, 204])
    const done = await order(ada, 'productId:(p3 OR p4)')
    await ready(ada, done, 2)
    assert.deepEqual(await statuses(done), [200, 200])
    const deep = await available(ada, done, '?page=99999&size=1000')
    assert.deepEqual([deep.body.content, deep.body.metadata.totalElements], [[], 2])
    await call(ada, `/rs-order/user/orders/${done}`, { method: 'DELETE' })
    assert.deepEqual(await statuses(done), [200, 200])
    assert.equal((await available(ada, done)).body.metadata.totalElements, 0)
    for (const query of ['?page=-1', '?page=x', '?size=0', '?size=1.5']) {
      assert.equal((await available(ada, done, query)).status, 400, query)
    }
    assert.equal((await available(ada, done, '?size=5000')).body.metadata.size, 1000)
  })

  it('delivers what `prepare` has written in the place of what was published', async (t) => {
    const half = Promise.withResolvers<void>()
    const { core, ada, order, ready, show, call } = await setUp(t, {
      environment: { CLAIMCHECK_ORDER_BATCH_FILES: '10' },
      async prepareFile({ productId, name }, { write }) {
        const made = productId === 'p1' || productId === 'p2' ? write() : null
        made?.write(`${name}, made for `)
        if (productId === 'p2') return { failed: 'The mill stands still.' }
        made?.end('this order')
        if (productId === 'p3') half.resolve()
        return 'available'
      },
    })
    const id = await order(ada, 'productId:(p1 OR p2 OR p3)')
    await half.promise
    const { body } = await ready(ada, id, 2)
    const [made, plain] = body.content
    const bytes = 'p1.txt, made for this order'
    assert.ok(made !== undefined && plain !== undefined)
    assert.equal(made.fileSize, bytes.length)
    assert.equal(made.checksum, md5(bytes))
    assert.equal((await call<string>(ada, made.uri)).body, bytes)
    assert.equal((await call<string>(ada, plain.uri)).body, 'bytes of p3')
    await until('the order is over', async () => (await show(ada, id)).percentCompleted === 100)
    const [dataset] = (await show(ada, id)).datasetTasks as { filesSize: number }[]
    assert.equal(dataset?.filesSize, bytes.length + 2 * 'bytes of p3'.length)
    // Of the file that failed nothing stays, and what was published is still there for others.
    const again = await call<string>(ada, made.uri.replace(made.checksum, md5('bytes of p1')))
    assert.equal(again.body, 'bytes of p1')
    const keys: string[] = []
    for await (const { key } of core.store.list('jobs/')) keys.push(key)
    assert.equal(keys.length, 1)
  })

  it('shows 206 while some files of the order are prepared and others are not', async (t) => {
    const { ada, order, ready, call } = await setUp(t, {
      environment: { CLAIMCHECK_ORDER_BATCH_FILES: '10' },
      prepareFile: async ({ productId }) =>
        productId === 'p2'
          ? { askAgainSeconds: 3600 }
          : productId === 'p3'
            ? { failed: 'The tape is torn.' }
            : 'available',
    })
    const id = await order(ada, '*:*')
    const { status, body } = await ready(ada, id, 2)
    assert.equal(status, 206)
    assert.deepEqual(namesOf(body), ['p1.txt', 'p4.txt'])
    const { body: all } = await call<{ content: { content: Record<string, unknown> }[] }>(
      ada,
      `/rs-order/orders/${id}/dataset/1/files`,
    )
    assert.deepEqual(
      all.content.map(({ content }) => content.state),
      ['AVAILABLE', 'PENDING', 'ERROR', 'AVAILABLE'],
    )
    const [, pending, failed] = all.content.map(({ content }) => content)
    const waiting = await call(ada, `/rs-order/orders/files/${pending?.id}`)
    assert.deepEqual([waiting.status, waiting.body], [202, ''])
    const torn = await call(ada, `/rs-order/user/orders/files/${failed?.id}`)
    assert.deepEqual([torn.status, torn.body], [422, { messages: ['The tape is torn.'] }])
    const path = `/rs-order/user/orders/${id}/filesTask/${pending?.filesTaskId}/files/available`
    const part = await call<Listing>(ada, path)
    assert.deepEqual([part.status, part.body.metadata.totalElements], [206, 2])
    assert.equal(
      (await call(ada, `/rs-order/orders/${id}/filesTask/999/files/available`)).status,
      404,
    )
  })

  it('takes ranges and conditions on files, and HEAD without counting it', async (t) => {
    const { ada, call, order, ready, available } = await setUp(t)
    const id = await order(ada, 'productId:p1')
    const uri = (await ready(ada, id, 1)).body.content[0]?.uri ?? ''
    const head = await call(ada, uri, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '11'])
    assert.match(head.headers.get('content-disposition') ?? '', /^attachment; filename="p1\.txt"/)
    const part = await call(ada, uri, { headers: { range: 'bytes=0-4' } })
    assert.deepEqual([part.status, part.body], [206, 'bytes'])
    assert.equal((await available(ada, id)).body.metadata.totalElements, 1)
    const rest = await call(ada, uri, { headers: { range: 'bytes=5-' } })
    assert.deepEqual([rest.status, rest.body], [206, ' of p1'])
    await until('it is delivered', async () => {
      const { body } = await available(ada, id)
      return body.metadata.totalElements === 0
    })
    assert.equal(
      (await call(ada, uri.replace('/rs-catalog/', '/rs-catalog/downloads/'))).status,
      200,
    )
    assert.equal((await call(ada, `${uri.slice(0, -3)}000`)).status, 404)
    assert.equal((await call(ada, '/rs-catalog/URN:none/files/00')).status, 404)
  })
})

describe("an order's life", () => {
  it('refuses by 401 and a code what its status does not allow, and does what it allows', async (t) => {
    const { ada, call, order, show, ready, available } = await setUp(t, { prepareFile: neverP1 })
    const act = async (method: string, path: string) => {
      const { status, body } = await call(ada, `/rs-order/${path}`, { method })
      return [status, (body as { messages?: string[] }).messages?.[0] ?? '']
    }
    const id = await order(ada, 'productId:p1')
    const orders = 'user/orders'
    const pending = { resume: 'ORDER_MUST_BE_PAUSED', remove: 'ORDER_MUST_BE_DELETED' }
    assert.deepEqual(await act('PUT', `${orders}/resume/${id}`), [401, pending.resume])
    assert.deepEqual(await act('DELETE', `${orders}/remove/${id}`), [401, pending.remove])
    assert.deepEqual(await act('PUT', `orders/${id}/retry`), [
      401,
      'ORDER_MUST_BE_DONE_WITH_WARNING_OR_FAILED',
    ])
    assert.deepEqual(await act('DELETE', `${orders}/${id}`), [
      401,
      'ORDER_MUST_BE_DONE_OR_DONE_WITH_WARNING_OR_PAUSED_OR_FAILED_OR_EXPIRED',
    ])
    assert.deepEqual(await act('POST', `${orders}/${id}/restart`), [
      401,
      'ORDER_MUST_BE_DONE_OR_DONE_WITH_WARNING_OR_FAILED',
    ])
    assert.deepEqual(await act('PUT', `${orders}/pause/${id}`), [200, ''])
    assert.equal((await show(ada, id)).status, 'PAUSED')
    assert.deepEqual(await act('PUT', `${orders}/pause/${id}`), [
      401,
      'ORDER_MUST_BE_PENDING_OR_RUNNING',
    ])
    assert.deepEqual(await act('PUT', `orders/resume/${id}`), [200, ''])
    assert.deepEqual(await act('PUT', `orders/pause/${id}`), [200, ''])
    assert.deepEqual(await act('DELETE', `orders/${id}`), [200, ''])
    assert.equal((await show(ada, id)).status, 'DELETED')
    assert.equal((await available(ada, id)).status, 200)
    assert.deepEqual(await act('DELETE', `orders/remove/${id}`), [200, ''])
    assert.equal((await available(ada, id)).status, 404)
    const done = await order(ada, 'productId:p2')
    await ready(ada, done, 1)
    const again = await call<{ content: { id: number; label: string } }>(
      ada,
      `/rs-order/user/orders/${done}/restart`,
      { body: { label: 'Once more' } },
    )
    assert.deepEqual([again.status, again.body.content.label], [200, 'Once more'])
    await ready(ada, again.body.content.id, 1)
  })

  it('lists what is there, with links to what can be done', async (t) => {
    const { ada, call, order } = await setUp(t, { prepareFile: neverP1 })
    const ids = [await order(ada, 'productId:p1'), await order(ada, 'productId:p1')]
    const { body } = await call<{
      metadata: object
      content: { content: { id: number; owner: string }; links: { rel: string }[] }[]
      links: { rel: string; href: string }[]
    }>(ada, '/rs-order/user/orders?size=1&page=1')
    assert.deepEqual(body.metadata, { size: 1, totalElements: 2, totalPages: 2, number: 1 })
    assert.deepEqual([body.content[0]?.content.id, body.content[0]?.content.owner], [ids[1], 'ada'])
    assert.deepEqual(
      body.content[0]?.links.map((link) => link.rel),
      ['self', 'list', 'pause'],
    )
    assert.deepEqual(
      body.links.map((link) => link.rel),
      ['first', 'prev', 'self', 'last'],
    )
    const previous = await call<{ content: { content: { id: number } }[] }>(
      ada,
      body.links[1]?.href ?? '',
    )
    assert.equal(previous.body.content[0]?.content.id, ids[0])
  })
})

describe('POST /user/orders/apply', () => {
  it('places an order, and says so again for the same Idempotency-Key', async (t) => {
    const { ada, call } = await setUp(t)
    const apply = (queries: string[], key?: string) =>
      call(ada, '/rs-order/user/orders/apply', {
        body: { queries, correlationId: 'mine' },
        ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
      })
    const first = await apply(['productId:p1'], 'k')
    assert.equal(first.status, 201)
    assert.deepEqual(first.body, {
      orderId: first.body.orderId,
      status: 'GRANTED',
      correlationId: 'mine',
    })
    assert.deepEqual((await apply(['productId:p1'], 'k')).body, first.body)
    assert.equal((await apply(['productId:p2'], 'k')).status, 422)
    assert.notEqual((await apply(['productId:p1'])).body.orderId, first.body.orderId)
  })

  const refused: [string, unknown, number, string, string][] = [
    ['nothing', {}, 422, 'DENIED', 'INVALID_CONTENT'],
    ['a list', [], 422, 'DENIED', 'INVALID_CONTENT'],
    ['no queries', { queries: [] }, 422, 'DENIED', 'INVALID_CONTENT'],
    ['a number', { queries: [1] }, 422, 'DENIED', 'INVALID_CONTENT'],
    ['a query that is none', { queries: ['a b'] }, 422, 'DENIED', 'INVALID_CONTENT'],
    ['a fuzzy query', { queries: ['a:b~2'] }, 422, 'DENIED', 'INVALID_CONTENT'],
    [
      'another data type',
      { queries: ['*:*'], filters: { dataTypes: ['AIP'] } },
      422,
      'DENIED',
      'INVALID_CONTENT',
    ],
    [
      'a pattern that is none',
      { queries: ['*:*'], filters: { dataTypes: ['RAWDATA'], filenameRegExp: '(' } },
      422,
      'DENIED',
      'INVALID_CONTENT',
    ],
    [
      'a long correlationId',
      { queries: ['*:*'], correlationId: 'x'.repeat(256) },
      422,
      'DENIED',
      'INVALID_CONTENT',
    ],
    ['what nobody has', { queries: ['productId:none'] }, 400, 'FAILED', 'EMPTY_ORDER'],
    [
      'too many bytes',
      { queries: ['*:*'], sizeLimitInBytes: 1 },
      400,
      'FAILED',
      'ORDER_LIMIT_REACHED',
    ],
  ]

  it('refuses with the type of the error', async (t) => {
    const { server, core, ada, call } = await setUp(t)
    for (const [what, body, status, state, errorType] of refused) {
      const answer = await call(ada, '/rs-order/user/orders/apply', { body })
      assert.equal(answer.status, status, what)
      assert.deepEqual([answer.body.status, answer.body.errorType], [state, errorType], what)
      assert.match(String(answer.body.message), /\.$/, what)
    }
    const bob = await createTestAccount(core, 'bob')
    const denied = await call(bob, '/rs-order/user/orders/apply', { body: { queries: ['*:*'] } })
    assert.deepEqual([denied.status, denied.body.errorType], [403, 'FORBIDDEN'])
    const raw: [string, string, number][] = [
      ['application/json', '{', 400],
      ['application/json', '{"queries":["a\\u0000"]}', 422],
      ['text/plain', 'x', 415],
    ]
    for (const [type, body, status] of raw) {
      const response = await fetch(`${server.url}/api/v1/rs-order/user/orders/apply`, {
        method: 'POST',
        headers: { ...ada.headers, 'content-type': type },
        body,
      })
      assert.equal(response.status, status, body)
      assert.ok(Array.isArray(((await response.json()) as { messages: unknown }).messages))
    }
  })
})

describe('who may', () => {
  it('is asked on every route: the owner and administrators, nobody else', async (t) => {
    const { server, core, ada, call, order, ready } = await setUp(t)
    const id = await order(ada, 'productId:p1')
    const uri = (await ready(ada, id, 1)).body.content[0]?.uri ?? ''
    const { body } = await call<{ content: { content: { id: number; filesTaskId: number } }[] }>(
      ada,
      `/rs-order/orders/${id}/dataset/1/files`,
    )
    const { id: file, filesTaskId } = body.content[0]?.content ?? { id: 0, filesTaskId: 0 }
    const routes: [string, string][] = ['/user/orders', '/orders'].flatMap((root) =>
      (
        [
          ['GET', `${root}/${id}`],
          ['GET', `${root}/${id}/files/available`],
          ['GET', `${root}/${id}/filesTask/${filesTaskId}/files/available`],
          ['GET', `${root}/${id}/dataset/1/files`],
          ['GET', `${root}/files/${file}`],
          ['HEAD', `${root}/files/${file}`],
          ['GET', `${root}/${id}/download`],
          ['GET', `${root}/${id}/metalink/download`],
          ['PUT', `${root}/pause/${id}`],
          ['PUT', `${root}/resume/${id}`],
          ['POST', `${root}/${id}/restart`],
          ['PUT', `${root}/${id}/retry`],
          ['DELETE', `${root}/${id}`],
          ['DELETE', `${root}/remove/${id}`],
        ] as [string, string][]
      ).map(([method, path]): [string, string] => [method, `/rs-order${path}`]),
    )
    const colleague = await createTestAccount(core, 'bob', { permissions: ['order'] })
    const admin = await createTestAccount(core, 'root', { permissions: ['admin'] })
    const stranger = await createTestAccount(core, 'eve', {
      organization: 'other',
      permissions: ['admin', 'order'],
    })
    const gone = await createTestAccount(core, 'gone', { permissions: ['order'] })
    await suspendAccount(core, 'system', gone.id)
    for (const [method, path] of routes) {
      for (const [who, account, status] of [
        ['a colleague', colleague, 403],
        ['a stranger', stranger, 403],
        ['a suspended one', gone, 401],
        ['nobody', null, 401],
      ] as const) {
        const answer = await call(account, path, { method })
        assert.equal(answer.status, status, `${who}: ${method} ${path}`)
        if (status === 401) {
          assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
        }
      }
    }
    for (const [method, path] of routes.filter(([method]) => method === 'GET')) {
      assert.equal((await call(admin, path, { method })).status, 200, path)
    }
    assert.equal((await call(stranger, uri)).status, 404)
    assert.equal((await call(null, uri)).status, 401)
    assert.equal((await call(colleague, uri)).status, 200)
    const plain = await createTestAccount(core, 'plain')
    assert.equal((await call(plain, uri)).status, 403)
    // What others took of it is not delivered to its owner.
    assert.equal((await ready(ada, id, 1)).status, 200)
    for (const path of ['/rs-order/user/orders/x', '/rs-order/orders/1e3/files/available']) {
      assert.equal((await call(ada, path)).status, 400, path)
    }
    for (const path of ['/rs-order/user/orders/999', '/rs-order/orders/files/999', '/rs-order/x']) {
      const { status, body: refusal } = await call(ada, path)
      assert.equal(status, 404, path)
      assert.ok(Array.isArray(refusal.messages))
    }
    const inUrl = await fetch(`${server.url}/api/v1/rs-order/orders/${id}?token=${ada.token}`)
    assert.equal(inUrl.status, 200)
    assert.equal((await fetch(`${server.url}/api/v1/rs-order/orders/${id}?token=x`)).status, 401)
  })
})

const neverP1: PrepareFile = async ({ productId }) =>
  productId === 'p1' ? { askAgainSeconds: 3600 } : 'available'

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

function namesOf(listing: Listing): string[] {
  return listing.content.map((file) => file.filename)
}

/** Null when the program is not installed. */
async function run(
  command: string,
  parameters: string[],
): Promise<{ stdout: string; stderr: string } | null> {
  try {
    return await promisify(execFile)(command, parameters)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 127 || code === 'ENOENT') return null
    throw error
  }
}

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
  const client = createOrdersClient(server.url)

  /** The list once so many files are available. */
  async function ready(account: TestAccount, id: number, count: number) {
    await until(`${count} files are ready`, async () => {
      const { body } = await client.available(account, id)
      return body.metadata?.totalElements === count
    })
    return await client.available(account, id)
  }

  return { server, core, ada, ...client, ready }
}
