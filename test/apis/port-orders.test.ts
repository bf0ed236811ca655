import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newOrder, setUpPortOrders as setUp } from '../support/port-orders.ts'

describe('the port orders API', () => {
  it('creates an order and shows it, its status and its group', async (t) => {
    const { api, ada, url } = await setUp(t)
    const created = await api('POST', '', ada, newOrder({ alias: 'Port Order 6/12/2018' }))
    assert.equal(created.status, 201)
    const { id, attributes, type, links } = created.body.data
    assert.match(id, /^\d+$/)
    assert.equal(type, 'portorder')
    assert.deepEqual(links, { self: `${url}/v2/portorders/${id}` })
    assert.equal(created.headers.get('location'), links.self)
    assert.equal(attributes.alias, 'Port Order 6/12/2018')
    assert.deepEqual(attributes.numbers, ['+12065551234', '+12065551235'])
    assert.equal(attributes.status, 'pending')
    assert.equal(attributes.status_updated_at, null)
    assert.deepEqual(attributes.billing_address, {
      city: 'Seattle',
      country: 'US',
      state: 'WA',
      street: '1218 3rd Ave',
      street2: null,
      zip: '98101',
    })
    assert.deepEqual((await api('GET', `/${id}`, ada)).body, created.body)
    assert.deepEqual((await api('GET', `/${id}/status`, ada)).body, {
      data: { id, type: 'portorder', attributes: { status: 'pending', status_updated_at: null } },
    })
    const group = await api('GET', `?group_id=${attributes.group_id}&status`, ada)
    assert.deepEqual(group.body.data.attributes, {
      status: 'Requires Action',
      orders: [{ id, status: 'pending', numbers: attributes.numbers }],
    })
  })

  it('splits toll-free numbers from others, into one group', async (t) => {
    const { api, ada } = await setUp(t)
    const numbers = ['+18005550100', '+12065551234']
    const { status, body } = await api('POST', '', ada, newOrder({ numbers }))
    assert.equal(status, 201)
    assert.equal(body.data.type, 'portorder_group')
    const { orders } = body.data.attributes
    assert.deepEqual(
      orders.map((order: { numbers: string[] }) => order.numbers),
      [['+18005550100'], ['+12065551234']],
    )
    const more = await api('POST', `/${body.data.id}/numbers`, ada, { add: ['+18885550100'] })
    assert.equal(more.status, 200)
    assert.deepEqual(more.body.data.attributes.orders[0].numbers, ['+18005550100', '+18885550100'])
  })

  it('creates once for an Idempotency-Key', async (t) => {
    const { api, ada } = await setUp(t)
    const key = { 'idempotency-key': 'k1' }
    const create = () => api('POST', '', ada, newOrder(), key)
    const answers = await Promise.all(Array.from({ length: 6 }, create))
    assert.equal(new Set(answers.map(({ body }) => body.data.id)).size, 1)
    assert.equal((await api('POST', '', ada, newOrder({ alias: 'b' }), key)).status, 422)
  })

  it('searches by each filter, in pages', async (t) => {
    const { api, ada, admin } = await setUp(t)
    const make = async (alias: string, numbers: string[]) =>
      (await api('POST', '', ada, newOrder({ alias, numbers }))).body.data.id as string
    const first = await make('one', ['+12065550001'])
    const second = await make('two', ['+12065550002', '+12065550003'])
    const third = await make('three', ['+12065550004'])
    await api('PATCH', `/${second}/status`, ada, status('processing'))
    await api('PATCH', `/${second}/status`, admin, status('submitted'))
    await api('PATCH', `/${second}/status`, admin, status('accepted', '2026-08-12'))
    const cases: [string, string[]][] = [
      ['', [third, second, first]],
      ['?alias=two', [second]],
      ['?status=pending', [third, first]],
      ['?status=Accepted', [second]],
      ['?completion_date=2026-08-12', [second]],
      ['?numbers=%2B12065550003,%2B12065550004', [third, second]],
      ['?numbers=+12065550001', [first]],
      ['?order_by=alias', [first, third, second]],
      ['?order_by=-alias', [second, third, first]],
      ['?limit=2', [third, second]],
      ['?limit=2&offset=2', [first]],
      ['?created_after=2001-01-01&created_before=2999-01-01T00:00:00Z', [third, second, first]],
      ['?modified_before=2001-01-01', []],
      ['?completed_after=2001-01-01', []],
      ['?status=pending&alias=two', []],
    ]
    for (const [query, expected] of cases) {
      const { status, body } = await api('GET', query, ada)
      assert.equal(status, 200, query)
      assert.equal(body.data.type, 'portorder_list')
      const ids = body.data.attributes.orders.data.map((order: { id: string }) => order.id)
      assert.deepEqual(ids, expected, query)
    }
    const page = await api('GET', '?limit=2', ada)
    const { pathname, search } = new URL(page.body.links.next)
    assert.equal(pathname, '/v2/portorders')
    const next = await api('GET', search, ada)
    assert.equal(next.body.data.attributes.orders.data.length, 1)
    assert.equal(next.body.links.next, null)
    for (const query of ['limit=0', 'limit=x', 'offset=-1', 'order_by=pin', 'status=odd']) {
      assert.equal((await api('GET', `?${query}`, ada)).status, 422, query)
    }
    for (const query of ['created_after=soon', 'completion_date=2026-02-30', 'group_id=x']) {
      assert.equal((await api('GET', `?${query}`, ada)).status, 422, query)
    }
  })

  it('walks through the documented statuses, and refuses every other step', async (t) => {
    const { api, ada, admin } = await setUp(t)
    const { id } = (await api('POST', '', ada, newOrder())).body.data
    const step = (who: typeof ada, to: string) => api('PATCH', `/${id}/status`, who, status(to))
    assert.equal((await step(ada, 'submitted')).status, 422)
    assert.equal((await step(ada, 'processing')).status, 200)
    assert.equal((await step(ada, 'submitted')).status, 403)
    assert.equal((await step(ada, 'cancelled')).status, 403)
    for (const to of ['submitted', 'rejected']) assert.equal((await step(admin, to)).status, 200)
    assert.equal((await step(ada, 'review')).status, 200)
    for (const to of ['accepted', 'completed']) assert.equal((await step(admin, to)).status, 200)
    const { attributes } = (await api('GET', `/${id}/status`, ada)).body.data
    assert.equal(attributes.status, 'completed')
    assert.match(attributes.status_updated_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.equal((await step(admin, 'pending')).status, 422)
    assert.equal(
      (await api('GET', '?completed_after=2001-01-01', ada)).body.data.attributes.orders.data
        .length,
      1,
    )
  })

  it('cancels a pending order and abandons a rejected one, by both addresses', async (t) => {
    const { api, ada, admin } = await setUp(t)
    const { id } = (await api('POST', '', ada, newOrder())).body.data
    const cancelled = await api('PATCH', `/${id}`, ada, {
      data: { attributes: { status: 'cancelled' } },
    })
    assert.equal(cancelled.body.data.attributes.status, 'cancelled')
    assert.equal((await api('GET', `/${id}`, ada)).body.data.attributes.status, 'canceled')
    const other = (await api('POST', '', ada, newOrder())).body.data
    await api('PATCH', `/${other.id}/status`, ada, status('processing'))
    await api('PATCH', `/${other.id}/status`, admin, status('rejected'))
    const abandoned = await api('PATCH', `/${other.id}/status`, ada, status('cancelled'))
    assert.equal(abandoned.body.data.attributes.status, 'abandoned')
    const group = await api('GET', `?group_id=${other.attributes.group_id}&status`, ada)
    assert.equal(group.body.data.attributes.status, 'Canceled')
  })

  it('changes details and numbers while the order allows it', async (t) => {
    const { api, ada } = await setUp(t)
    const { id } = (await api('POST', '', ada, newOrder())).body.data
    const patch = (attributes: object) => api('PATCH', `/${id}`, ada, { data: { attributes } })
    const changed = await patch({ company: 'Leather Inc.', alias: 'new', unknown: 1, numbers: [] })
    assert.equal(changed.body.data.attributes.company, 'Leather Inc.')
    assert.equal(changed.body.data.attributes.alias, 'new')
    assert.equal(changed.body.data.attributes.provider, 'Verizon')
    const back = await api('PATCH', `/${id}`, ada, changed.body)
    assert.deepEqual(back.body, changed.body)
    const numbers = (body: object) => api('PATCH', `/${id}/relationships/numbers`, ada, body)
    const edited = await numbers({ add: ['+12065559999'], remove: ['+12065551234'] })
    assert.deepEqual(edited.body.data.attributes.numbers, ['+12065551235', '+12065559999'])
    assert.equal((await numbers({ remove: ['+12065551235', '+12065559999'] })).status, 422)
    assert.equal((await numbers({ add: ['+18005550100'] })).status, 422)
    assert.equal((await numbers({ add: ['206-555'] })).status, 422)
    await api('PATCH', `/${id}/status`, ada, status('processing'))
    assert.equal((await patch({ company: 'Other' })).status, 422)
    assert.equal((await numbers({ add: ['+12065550000'] })).status, 422)
    const presets = await patch({ presets: { cnam_id: '3333' } })
    assert.equal(presets.status, 200)
    assert.equal(presets.body.data.attributes.presets.cnam_id, '3333')
  })

  it('gives out the letter of agency and takes it signed', async (t) => {
    const { api, ada } = await setUp(t)
    const { id } = (await api('POST', '', ada, newOrder())).body.data
    const { data } = (await api('GET', `/${id}/loa`, ada)).body
    assert.equal(data.type, 'loa')
    const sign = (more: object) =>
      api('POST', `/${id}/loa`, ada, {
        data: { ...data, attributes: { ...data.attributes, ...more } },
      })
    const signature = { signature_name: 'John Doe', signature_title: 'Owner' }
    assert.equal((await sign({ signature_name: 'John Doe' })).status, 422)
    assert.equal((await sign({ ...signature, provider: 'Other' })).status, 422)
    const signed = await sign(signature)
    assert.equal(signed.status, 201)
    assert.equal(signed.text, '')
    const again = (await api('GET', `/${id}/loa`, ada)).body.data.attributes
    assert.equal(again.signature_name, 'John Doe')
  })

  it('lets others neither see nor touch an order, and tells not that it exists', async (t) => {
    const { api, ada, core, account } = await setUp(t)
    const { id, attributes } = (await api('POST', '', ada, newOrder())).body.data
    const upload = await api('POST', `/${id}/upload_file`, ada, { filename: 'a.pdf' })
    const file = upload.body.data.id
    const bob = await account('bob', { permissions: ['port-orders'] })
    const eve = await account('eve', {
      organization: 'other',
      permissions: ['admin', 'port-orders'],
    })
    const mute = await account('mute', { permissions: [] })
    const routes: [string, string, unknown?][] = [
      ['GET', `/${id}`],
      ['GET', `/${id}/status`],
      ['GET', `/${id}/loa`],
      ['GET', `/${id}/files/${file}`],
      ['GET', `/${id}/file/${file}`],
      ['GET', `?group_id=${attributes.group_id}&status`],
      ['PATCH', `/${id}`, { data: { attributes: { company: 'x' } } }],
      ['PATCH', `/${id}`, { data: { attributes: { status: 'cancelled' } } }],
      ['PATCH', `/${id}/status`, status('processing')],
      ['PATCH', `/${id}/relationships/numbers`, { add: ['+12065550009'] }],
      ['POST', `/${attributes.group_id}/numbers`, { add: ['+12065550009'] }],
      ['POST', `/${id}/upload_file`, { filename: 'a.pdf' }],
      ['POST', `/${id}/files`, { url: 'https://files.example/a.pdf' }],
      ['POST', `/${id}/loa`, { data: { attributes: {} } }],
    ]
    for (const [method, path, body] of routes) {
      for (const other of [bob, eve]) {
        const refused = await api(method, path, other, body)
        assert.equal(refused.status, 404, `${method} ${path}`)
        assert.equal(refused.body.errors[0].title, 'Resource not found')
      }
      assert.equal((await api(method, path, null, body)).status, 401, `${method} ${path}`)
    }
    assert.deepEqual((await api('GET', '', bob)).body.data.attributes.orders.data, [])
    assert.equal((await api('GET', '', mute)).status, 403)
    assert.equal((await api('POST', '', mute, newOrder())).status, 403)
    const { suspendAccount } = await import('../../src/core/accounts/accounts.ts')
    await suspendAccount(core, 'system', ada.id)
    for (const [method, path, body] of routes) {
      assert.equal((await api(method, path, ada, body)).status, 401, `${method} ${path}`)
    }
  })

  it('refuses in JSON:API error objects', async (t) => {
    const { api, ada, send } = await setUp(t)
    const missing = await api('GET', '/999999', ada)
    const { id, ...error } = missing.body.errors[0]
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(error, {
      detail: 'No such port order',
      status: 404,
      title: 'Resource not found',
    })
    assert.match(missing.headers.get('content-type') ?? '', /^application\/json/)
    const nobody = await api('GET', '', null)
    assert.equal(nobody.status, 401)
    assert.match(nobody.headers.get('www-authenticate') ?? '', /Basic realm="Claimcheck"/)
    const cases: [string, string, string, string, number][] = [
      ['POST', '', 'application/json', '{', 400],
      ['POST', '', 'application/json', '', 400],
      ['POST', '', 'text/csv', 'x', 415],
      ['POST', '', 'text/plain', '{}', 415],
      ['POST', '', 'application/vnd.api+json; ext="x"', '{}', 415],
      ['POST', '', 'application/vnd.api+json', '{}', 422],
      ['POST', '/portability', 'application/json', '{"numbers":[]}', 422],
      ['POST', '/portability', 'application/json', '{"numbers":[1]}', 422],
      ['POST', '', 'application/json', '{}', 422],
      ['POST', '', 'application/json', 'null', 422],
      ['POST', '', 'application/json', '{"data":{"attributes":[]}}', 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ alias: 'a\0' })), 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ alias: 1 })), 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ numbers: [] })), 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ numbers: ['1'] })), 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ country: 'FR' })), 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ provider: null })), 422],
      ['POST', '', 'application/json', JSON.stringify(newOrder({ status_url: 'ftp://x' })), 422],
      ['POST', '', 'application/json', `{"data":"${'x'.repeat(2_000_000)}"}`, 413],
      ['DELETE', '/1', 'application/json', '{}', 405],
      ['PUT', '', 'application/json', '{}', 405],
      ['GET', '/x', '', '', 404],
      ['GET', '/1/odd', '', '', 404],
      ['GET', '/0', '', '', 404],
      ['GET', '/99999999999999999999', '', '', 404],
      ['GET', '/1/files/x', '', '', 404],
    ]
    for (const [method, path, type, body, status] of cases) {
      const answer = await send(method, path, ada, { type, body })
      assert.equal(answer.status, status, `${method} ${path} ${body.slice(0, 60)}`)
      const [first] = answer.body.errors
      assert.equal(first.status, status)
      assert.equal(typeof first.detail, 'string')
    }
    const patch = await send('DELETE', '/1', ada, { type: '', body: '' })
    assert.equal(patch.headers.get('allow'), 'GET, HEAD, PATCH')
  })

  it('tells which numbers an order would take', async (t) => {
    const { api, ada, account } = await setUp(t)
    const numbers = ['+14252081174', '12125551212', '+18002255277', '+14252081174', 'x']
    const answer = await api('POST', '/portability', ada, { numbers })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body, {
      data: {
        hypernetwork_enabled: [],
        nonportable: ['12125551212', 'x'],
        portable: ['+14252081174', '+18002255277'],
      },
    })
    const mute = await account('mute', {})
    assert.equal((await api('POST', '/portability', mute, { numbers })).status, 403)
    assert.equal((await api('POST', '/portability', null, { numbers })).status, 401)
  })

  it('signs in by key pair and by token', async (t) => {
    const { url, ada } = await setUp(t)
    const basic = `Basic ${btoa(`${ada.accessKey}:${ada.secretKey}`)}`
    for (const authorization of [basic, `Bearer ${ada.token}`]) {
      const response = await fetch(`${url}/v2/portorders`, { headers: { authorization } })
      assert.equal(response.status, 200)
    }
    const password = `Basic ${btoa(`${ada.username}:${ada.password}`)}`
    const refused = await fetch(`${url}/v2/portorders`, { headers: { authorization: password } })
    assert.equal(refused.status, 401)
  })

  it('answers as the live system does in its profile', async (t) => {
    const { api, ada } = await setUp(t, { CLAIMCHECK_PORT_ORDERS_PROFILE: 'shipped' })
    const notThere = { detail: 'No such port order', status: 404, title: 'Resource not found' }
    const empty = await api('GET', '', ada)
    assert.equal(empty.status, 404)
    assert.deepEqual(empty.body, { errors: [notThere] })
    assert.deepEqual((await api('GET', '/1', ada)).body, { errors: [notThere] })
    const unknown = await api('GET', '/1/odd', ada)
    assert.match(unknown.body.errors[0].status, /^404 Not Found: The requested URL was not found/)
  })
})

function status(to: string, completionDate?: string) {
  const attributes = { status: to, ...(completionDate ? { completion_date: completionDate } : {}) }
  return { data: { type: 'portorder', attributes } }
}
