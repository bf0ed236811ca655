import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { by, type DeliveryJson, type Page, startWorld, type World } from '../../support/v1-world.ts'

interface ProblemJson {
  code: string
  errors?: { path: string; problem: string }[]
}

describe('/v1/deliveries', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
  })

  it('makes a download, tells when it is over, and lists its file', async () => {
    const { ada, ask, json } = world
    const created = await ask(
      'POST',
      '/v1/deliveries',
      by(ada, { body: { type: 'hello', info: [1] } }),
    )
    const { id, info } = created.body as DeliveryJson
    assert.equal(created.headers.get('location'), `/v1/deliveries/${id}`)
    assert.deepEqual(info, [1])
    const waited = await ask(
      'GET',
      `/v1/deliveries/${id}`,
      by(ada, { headers: { prefer: 'wait=60' } }),
    )
    assert.equal((waited.body as DeliveryJson).state, 'done')
    assert.equal(waited.headers.get('preference-applied'), 'wait=60')
    assert.equal(waited.headers.get('vary'), 'Prefer')
    assert.equal(waited.headers.get('retry-after'), null)
    const files = await json<Page<{ name: string; size: number; number: number }>>(
      'GET',
      `/v1/deliveries/${id}/files`,
      by(ada),
    )
    assert.deepEqual(
      files.items.map(({ name, size }) => [name, size]),
      [['hello.txt', 6]],
    )
    const file = await json<{ sha256: string; md5: string; crc32: string }>(
      'GET',
      `/v1/files/${files.items[0]?.number}`,
      by(ada),
    )
    assert.deepEqual(files.items, [file])
    assert.equal(file.sha256, '66a045b452102c59d840ec097d59d9467e13a3f34f6494e539ffd32c1bb35f18')
    assert.equal(file.md5, '09f7e02f1290be211da707a266f153b3')
    assert.match(file.crc32, /^[0-9a-f]{8}$/)
  })

  it('answers a wait when its time is over, and says when to ask again', async () => {
    const { ada, ask, reportOf } = world
    const { id } = await reportOf(ada)
    const answer = await ask(
      'GET',
      `/v1/deliveries/${id}`,
      by(ada, { headers: { prefer: 'respond-async, WAIT = 0; foo' } }),
    )
    assert.equal((answer.body as DeliveryJson).state, 'pending')
    assert.equal(answer.headers.get('preference-applied'), 'wait=0')
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
    for (const prefer of ['wait=-1', 'wait=soon', 'wait', 'waiting=5']) {
      const other = await ask('GET', `/v1/deliveries/${id}`, by(ada, { headers: { prefer } }))
      assert.equal(other.headers.get('preference-applied'), null, prefer)
    }
  })

  it('refuses what it does not know, with the place', async () => {
    const { ada, ask } = world
    const refusals: [unknown, number, string | null][] = [
      [{ type: 'hello', state: 'done' }, 422, '/state'],
      [{ type: 'hello', organizationId: 'x', ownerId: 'y' }, 422, '/organizationId'],
      [{ info: {} }, 422, '/type'],
      [{ type: 5 }, 422, '/type'],
      [{ type: 'nothing' }, 422, '/type'],
      [{ type: 'report', info: { year: 'x' } }, 422, '/info'],
      [{ type: 'hel\0lo' }, 422, null],
      [{ type: 'hello', info: { deep: ['\0'] } }, 422, null],
      [[], 422, ''],
      ['null', 422, ''],
      ['{"type":', 400, null],
      ['', 400, null],
    ]
    for (const [body, status, path] of refusals) {
      const answer = await ask(
        'POST',
        '/v1/deliveries',
        by(ada, { body, headers: { 'content-type': 'application/json' } }),
      )
      assert.equal(answer.status, status, `${JSON.stringify(body)}: ${answer.text}`)
      const problem = answer.body as ProblemJson
      if (path !== null) assert.equal(problem.errors?.[0]?.path, path, answer.text)
    }
    const form = await ask(
      'POST',
      '/v1/deliveries',
      by(ada, {
        body: 'type=hello',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    )
    assert.equal(form.status, 415)
    const large = await ask(
      'POST',
      '/v1/deliveries',
      by(ada, { body: { type: 'hello', info: 'x'.repeat(3_000_000) } }),
    )
    assert.equal(large.status, 413)
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=x',
      'cursor=!',
      'state=odd',
      'kind=odd',
      'foo=1',
      'all=perhaps',
    ]) {
      const answer = await ask('GET', `/v1/deliveries?${query}`, by(ada))
      assert.equal(answer.status, 422, query)
      assert.equal((answer.body as ProblemJson).errors?.[0]?.path, `/${query.split('=')[0]}`)
    }
  })

  it('does once what comes many times with one Idempotency-Key', async () => {
    const { ada, bob, ask, json } = world
    const sent = {
      body: { type: 'report', info: { year: 2020 } },
      headers: { 'idempotency-key': 'once' },
    }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask('POST', '/v1/deliveries', by(ada, sent))),
    )
    const ids = answers.map(({ status, body }) => `${status} ${(body as DeliveryJson).id}`)
    assert.equal(new Set(ids).size, 1, ids.join())
    assert.equal(answers[0]?.status, 201)
    const other = await ask(
      'POST',
      '/v1/deliveries',
      by(ada, { ...sent, body: { type: 'report', info: { year: 2021 } } }),
    )
    assert.equal(other.status, 422)
    assert.equal((other.body as ProblemJson).code, 'idempotency_mismatch')
    const { id } = await json<DeliveryJson>('POST', '/v1/deliveries', {
      ...by(bob, sent),
      status: 201,
    })
    assert.notEqual(id, ids[0]?.split(' ')[1], "another account's key is another key")
  })

  it('cancels, retries, and refuses either in the wrong state', async () => {
    const { ada, ask, json, reportOf, helloOf } = world
    const { id } = await reportOf(ada)
    const canceled = await json<DeliveryJson>('POST', `/v1/deliveries/${id}/cancel`, by(ada))
    assert.equal(canceled.state, 'canceled')
    assert.equal((await ask('POST', `/v1/deliveries/${id}/cancel`, by(ada))).status, 409)
    const again = await json<DeliveryJson>('POST', `/v1/deliveries/${id}/retry`, by(ada))
    assert.equal(again.state, 'pending')
    assert.equal((await ask('POST', `/v1/deliveries/${id}/retry`, by(ada))).status, 409)
    const done = await helloOf(ada)
    assert.equal((await ask('POST', `/v1/deliveries/${done.id}/cancel`, by(ada))).status, 409)
  })

  it('tells the owner of a failed job less than the administrator', async () => {
    const { ada, admin, json } = world
    const { id } = await json<DeliveryJson>('POST', '/v1/deliveries', {
      ...by(ada, { body: { type: 'failing' } }),
      status: 201,
    })
    const failed = await json<DeliveryJson>(
      'GET',
      `/v1/deliveries/${id}`,
      by(ada, { headers: { prefer: 'wait=60' } }),
    )
    assert.equal(failed.state, 'failed')
    assert.notEqual(failed.message, null)
    interface JobJson {
      number: number
      deliveryId: string
      state: string
      message: string | null
    }
    const { items } = await json<Page<JobJson>>('GET', '/v1/jobs?state=dead', by(ada))
    const job = items.find(({ deliveryId }) => deliveryId === id)
    assert.equal(job?.message, null)
    const seen = await json<JobJson>('GET', `/v1/jobs/${job?.number}`, by(admin))
    assert.match(seen.message ?? '', /It cannot be made/)
  })

  it('pages neither skip nor repeat anything while rows are inserted', async () => {
    const { bob, ask, json } = world
    const create = () =>
      json<DeliveryJson>('POST', '/v1/deliveries', {
        ...by(bob, { body: { type: 'report', info: {} } }),
        status: 201,
      })
    const stable: string[] = []
    for (let i = 0; i < 25; i += 1) stable.unshift((await create()).id)
    const seen: string[] = []
    let path: string | null = '/v1/deliveries?limit=4&state=pending&kind=download'
    while (path !== null) {
      const answer = await ask('GET', path, by(bob))
      assert.equal(answer.status, 200)
      const page = answer.body as Page<DeliveryJson>
      seen.push(...page.items.map(({ id }) => id))
      await create()
      const link: string | undefined = /^<([^>]+)>; rel="next"$/.exec(
        answer.headers.get('link') ?? '',
      )?.[1]
      assert.equal(link === undefined, page.next === null)
      path = link ?? null
    }
    assert.equal(new Set(seen).size, seen.length, 'repeated')
    assert.deepEqual(
      seen.filter((id) => stable.includes(id)),
      stable,
    )
  })

  it('shows by a forged or foreign cursor nothing of somebody else', async () => {
    const { ada, bob, eve, json, reportOf } = world
    for (let i = 0; i < 3; i += 1) await reportOf(ada)
    const page = await json<Page<DeliveryJson>>('GET', '/v1/deliveries?limit=1', by(ada))
    const forged = ['999999999', '1', '0'].map((text) => Buffer.from(text).toString('base64url'))
    for (const cursor of [page.next, ...forged]) {
      for (const other of [bob, eve]) {
        const { items } = await json<Page<DeliveryJson>>(
          'GET',
          `/v1/deliveries?limit=1000&cursor=${cursor}`,
          by(other),
        )
        assert.ok(items.every(({ ownerId }) => ownerId === other.id))
      }
    }
  })

  it('shows administrators all of their organization when they ask for it, and nobody else', async () => {
    const { ada, bob, admin, eve, ask, json, reportOf } = world
    await reportOf(ada)
    await reportOf(bob)
    await reportOf(eve)
    const { items } = await json<Page<DeliveryJson>>(
      'GET',
      '/v1/deliveries?all=true&limit=1000',
      by(admin),
    )
    const owners = new Set(items.map(({ ownerId }) => ownerId))
    assert.deepEqual(
      [owners.has(ada.id), owners.has(bob.id), owners.has(eve.id)],
      [true, true, false],
    )
    const own = await json<Page<DeliveryJson>>('GET', '/v1/deliveries', by(admin))
    assert.deepEqual(own.items, [])
    for (const path of ['/v1/deliveries?all=true', '/v1/jobs?all=true', '/v1/links?all=true']) {
      assert.equal((await ask('GET', path, by(ada))).status, 403, path)
      assert.equal((await ask('GET', path, by(admin))).status, 200, path)
    }
  })
})
