import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { newOrder, setUpPortOrders as setUp } from '../support/port-orders.ts'
import { until } from '../support/until.ts'

describe('documents pulled from a URL', () => {
  it('are pending, then complete, and are got like uploaded ones', async (t) => {
    const { api, ada } = await setUp(t)
    const { url } = await serve(t, (request, response) => {
      if (request.url?.startsWith('/here')) response.end('the carrier bill')
      else response.writeHead(302, { location: '/here' }).end()
    })
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const from = `${url}/carrier_bill.pdf?filename=my_carrier_bill.pdf`
    const pulled = await api('POST', `/${order}/files`, ada, { url: from })
    assert.equal(pulled.status, 200)
    const { id, attributes, type } = pulled.body.data
    assert.equal(typeof id, 'string')
    assert.equal(type, 'portorder-file')
    assert.deepEqual(attributes, {
      filename: from,
      file: 'my_carrier_bill.pdf',
      original_url: from,
      status: 'pending',
    })
    const read = async () => (await api('GET', `/${order}/files/${id}`, ada)).body.data
    await until('it has come', async () => (await read()).type === 'portorder-file-url')
    const signed = (await read()).attributes.url
    assert.match(signed, /\/my_carrier_bill\.pdf\?/)
    assert.equal(await (await fetch(signed)).text(), 'the carrier bill')
    const shown = (await api('GET', `/${order}`, ada)).body.data.attributes.business_documents
    assert.deepEqual(shown[0].data[0].attributes, { filename: from, status: 'uploaded' })
  })

  it('are tried again while their server only stumbles', async (t) => {
    const { api, ada } = await setUp(t)
    let asked = 0
    const { url } = await serve(t, (_request, response) => {
      asked += 1
      response.writeHead(asked < 3 ? 503 : 200).end('late')
    })
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const { id } = (await api('POST', `/${order}/files`, ada, { url })).body.data
    const read = async () => (await api('GET', `/${order}/files/${id}`, ada)).body.data
    await until('it has come', async () => (await read()).type === 'portorder-file-url')
    assert.equal(asked, 3)
  })

  it('end in an error that says why, and says nothing of our network', async (t) => {
    const { api, ada } = await setUp(t, { CLAIMCHECK_MAX_DOCUMENT_BYTES: '1000' })
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/long') response.end(Buffer.alloc(2000))
      else if (request.url === '/inside') {
        response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
      } else response.writeHead(404).end()
    })
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const cases: [string, RegExp][] = [
      [`${url}/gone`, /answered 404/],
      [`${url}/long`, /at most 1000 bytes/],
      [`${url}/inside`, /not public/],
      ['http://10.0.0.1/x', /not public/],
      ['http://[::ffff:10.0.0.1]/x', /not public/],
    ]
    for (const [from, why] of cases) {
      const { id } = (await api('POST', `/${order}/files`, ada, { url: from })).body.data
      const read = async () => (await api('GET', `/${order}/files/${id}`, ada)).body.data.attributes
      await until('it is over', async () => (await read()).status === 'error')
      assert.match((await read()).message, why)
    }
    const shown = (await api('GET', `/${order}`, ada)).body.data.attributes.business_documents
    assert.equal(shown[0].data[0].attributes.status, 'failed')
    for (const bad of ['ftp://x/a', 'x', '', 'http://a:b@files.example/', null]) {
      assert.equal((await api('POST', `/${order}/files`, ada, { url: bad })).status, 422)
    }
  })

  it('are not shown when the order went on meanwhile', async (t) => {
    const { api, ada } = await setUp(t)
    const asked = Promise.withResolvers<ServerResponse>()
    const { url } = await serve(t, (_request, response) => asked.resolve(response))
    const order = (await api('POST', '', ada, newOrder())).body.data.id
    const { id } = (await api('POST', `/${order}/files`, ada, { url })).body.data
    const response = await asked.promise
    await api('PATCH', `/${order}/status`, ada, { data: { attributes: { status: 'processing' } } })
    response.end('too late')
    const read = async () => (await api('GET', `/${order}/files/${id}`, ada)).body.data.attributes
    await until('it is over', async () => (await read()).status === 'error')
    assert.match((await read()).message, /neither pending nor rejected/)
  })

  it('leave room for those of another account, however long they take', async (t) => {
    const { api, ada, account, core } = await setUp(t, { CLAIMCHECK_OUTGOING_CONCURRENCY: '4' })
    const bob = await account('bob', { permissions: ['port-orders'] })
    const stuck: string[] = []
    const twoAreStuck = Promise.withResolvers<void>()
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/quick') return response.end('the carrier bill')
      stuck.push(request.url ?? '')
      if (stuck.length === 2) twoAreStuck.resolve()
      // Bytes that come are no silence.
      return response.write('one byte at a time')
    })
    const pull = async (who: typeof ada, paths: string[]) => {
      const order = (await api('POST', '', who, newOrder())).body.data.id
      const ids: string[] = []
      for (const path of paths) {
        const answer = await api('POST', `/${order}/files`, who, { url: url + path })
        ids.push(answer.body.data.id)
      }
      return { order, ids }
    }
    await pull(ada, ['/a', '/b', '/c', '/d', '/e'])
    await twoAreStuck.promise
    const { order, ids } = await pull(bob, ['/quick', '/quick', '/quick'])
    for (const id of ids) {
      const read = async () => (await api('GET', `/${order}/files/${id}`, bob)).body.data
      await until('it has come', async () => (await read()).type === 'portorder-file-url')
    }
    const jobs = await core.database.kysely
      .selectFrom('jobs')
      .select(['state', 'account_id'])
      .where('queue', '=', 'pulls')
      .orderBy('number')
      .execute()
    const states = (id: string) =>
      jobs.flatMap(({ state, account_id }) => (account_id === id ? [state] : []))
    assert.deepEqual(states(ada.id), ['running', 'running', 'waiting', 'waiting', 'waiting'])
    assert.deepEqual(states(bob.id), ['done', 'done', 'done'])
    assert.deepEqual(stuck.toSorted(), ['/a', '/b'])
  })
})

describe('status callbacks', () => {
  it('tell each change, signed, and again under the same id until they are taken', async (t) => {
    const { api, ada, admin } = await setUp(t)
    const calls: { headers: IncomingMessage['headers']; body: string }[] = []
    const { url } = await serve(t, async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      calls.push({ headers: request.headers, body: String(Buffer.concat(chunks)) })
      response.writeHead(calls.length === 1 ? 500 : 204).end()
    })
    const created = await api('POST', '', ada, newOrder({ status_url: `${url}/hook` }))
    const { id } = created.body.data
    const secret = Buffer.from(created.body.meta.callback_secret.replace('whsec_', ''), 'base64')
    await api('PATCH', `/${id}/status`, ada, status('processing'))
    await until('it was told twice', () => calls.length === 2)
    const [first, second] = calls
    assert.ok(first !== undefined && second !== undefined)
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id'])
    assert.equal(first.body, second.body)
    for (const { headers, body } of calls) {
      const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
      const expected = createHmac('sha256', secret).update(text).digest('base64')
      assert.equal(headers['webhook-signature'], `v1,${expected}`)
    }
    // A float, as the source says of it.
    assert.match(first.body, /"version":1\.0,/)
    const { type, attributes } = JSON.parse(first.body).data
    assert.equal(type, 'webhook')
    const { timestamp, ...rest } = attributes
    assert.ok(Number.isInteger(timestamp))
    assert.deepEqual(rest, {
      version: 1,
      event_type: 'status_change',
      resource_type: 'portorders',
      resource_id: Number(id),
      status: 'processing',
    })
    await api('PATCH', `/${id}/status`, admin, status('rejected'))
    await until('the next was told', () => calls.length === 3)
    assert.notEqual(calls[2]?.headers['webhook-id'], first.headers['webhook-id'])
  })

  it('end when the receiver answers 410, and follow no redirect', async (t) => {
    const { api, ada, admin, core } = await setUp(t)
    const paths: string[] = []
    const { url } = await serve(t, (request, response) => {
      paths.push(request.url ?? '')
      if (paths.length === 1) response.writeHead(307, { location: '/elsewhere' }).end()
      else response.writeHead(410).end()
    })
    const { id } = (await api('POST', '', ada, newOrder({ status_url: `${url}/hook` }))).body.data
    await api('PATCH', `/${id}/status`, ada, status('processing'))
    const read = async () => (await api('GET', `/${id}`, ada)).body.data.attributes.status_url
    await until('the URL is forgotten', async () => (await read()) === null)
    assert.deepEqual(paths, ['/hook', '/hook'])
    await api('PATCH', `/${id}/status`, admin, status('submitted'))
    const calls = await core.database.kysely
      .selectFrom('jobs')
      .select('number')
      .where('kind', '=', 'status-callback')
      .execute()
    assert.equal(calls.length, 1, 'nothing more is to be told')
  })

  it('are held up by no document that does not come', async (t) => {
    const { api, ada, core } = await setUp(t, { CLAIMCHECK_OUTGOING_CONCURRENCY: '1' })
    const told = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const { url } = await serve(t, (request, response) => {
      if (request.url !== '/hook') return asked.resolve()
      told.resolve()
      return response.writeHead(204).end()
    })
    const { id } = (await api('POST', '', ada, newOrder({ status_url: `${url}/hook` }))).body.data
    for (let count = 0; count < 2; count += 1) {
      await api('POST', `/${id}/files`, ada, { url: `${url}/stuck` })
    }
    await asked.promise
    await api('PATCH', `/${id}/status`, ada, status('processing'))
    await told.promise
    const pulls = await core.database.kysely
      .selectFrom('jobs')
      .select('state')
      .where('queue', '=', 'pulls')
      .orderBy('number')
      .execute()
    assert.deepEqual(
      pulls.map(({ state }) => state),
      ['running', 'waiting'],
    )
  })

  it('are not sent to addresses that are not public', async (t) => {
    const { api, ada, core } = await setUp(t)
    const url = 'http://169.254.169.254/hook'
    const { id } = (await api('POST', '', ada, newOrder({ status_url: url }))).body.data
    await api('PATCH', `/${id}/status`, ada, status('processing'))
    const find = () =>
      core.database.kysely
        .selectFrom('jobs')
        .selectAll()
        .where('kind', '=', 'status-callback')
        .executeTakeFirstOrThrow()
    await until('it is given up', async () => (await find()).state === 'dead')
    assert.match((await find()).message ?? '', /not public/)
  })
})

function status(to: string) {
  return { data: { type: 'portorder', attributes: { status: to } } }
}

async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ url: string }> {
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
