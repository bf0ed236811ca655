import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { before, describe, it } from 'node:test'
import { sendEventStream } from '../../../src/apis/v1/event-streams.ts'
import { suspendAccount } from '../../../src/core/accounts/accounts.ts'
import { listEvents } from '../../../src/core/events/events.ts'
import type { FeedItem } from '../../../src/core/events/follow-events.ts'
import type { EventRow } from '../../../src/database/tables.ts'
import {
  type EventStream,
  openEventStream,
  type StreamedEvent,
} from '../../support/event-stream.ts'
import { sized } from '../../support/size.ts'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { createTestAccount, type TestAccount } from '../../support/test-server.ts'
import { until } from '../../support/until.ts'
import { by, startWorld, type World } from '../../support/v1-world.ts'

describe('GET /v1/events', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
  })

  const open = (account: TestAccount, query = '', lastEventId: string | null = null) =>
    openEventStream(`${world.server.url}/v1/events${query}`, {
      headers: account.headers,
      lastEventId,
    })

  /** The next event that fits; fails when the stream ends before it. */
  async function nextWhere(stream: EventStream, fits: (event: StreamedEvent) => boolean) {
    for (;;) {
      const event = await stream.next()
      assert.ok(event, `the stream ended: ${JSON.stringify(world.server.log.slice(-6))}`)
      if (fits(event)) return event
    }
  }

  it('loses nothing to breaks while events are written', async () => {
    const { bob, server, ask, reportOf } = world
    const count = sized(60, 1000)
    const cancel = (id: string) => ask('POST', `/v1/deliveries/${id}/cancel`, by(bob))
    let marker = -1
    const writing = (async () => {
      for (let i = 0; i < count; i += 1) {
        const { id } = await reportOf(bob)
        if (i % 3 === 0) await cancel(id)
      }
      const { id, number } = await reportOf(bob)
      marker = number
      // The event of its creation can be read before the answer that tells its number; this one cannot.
      await cancel(id)
    })()
    const seen: number[] = []
    let last = '0'
    let over = false
    while (!over) {
      const stream = await open(bob, '', last)
      // A break after a few events, wherever the writer is by then.
      for (let i = 0; i < 7 && !over; i += 1) {
        const event = await nextWhere(stream, ({ data }) => data !== null)
        if (event.id === null) continue
        seen.push(Number(event.id))
        last = event.id
        over = JSON.parse(event.data ?? '').deliveryNumber === marker
      }
      stream.leave()
    }
    await writing
    const principal = {
      accountId: bob.id,
      organizationId: '',
      username: 'bob',
      permissions: new Set<string>(),
      scopes: null,
      credentialId: null,
    }
    const { organizationId } = await world.json<{ organizationId: string }>(
      'GET',
      '/v1/me',
      by(bob),
    )
    const written: number[] = []
    for (;;) {
      const rows = await listEvents(
        server.core,
        { ...principal, organizationId },
        { after: written.at(-1) ?? 0, limit: 1000 },
      )
      if (rows.length === 0) break
      written.push(...rows.map(({ number }) => number))
    }
    assert.deepEqual(seen, written.slice(0, seen.length))
    assert.ok(seen.length > count)
  })

  it('begins now when nothing else is said, and says where that is', async () => {
    const { ada, reportOf } = world
    await reportOf(ada)
    const stream = await open(ada)
    const first = await stream.next()
    assert.ok(first?.id !== null && first?.event === null && first.data === null)
    const { id } = await reportOf(ada)
    const created = await nextWhere(stream, ({ event }) => event === 'delivery.created')
    assert.equal(JSON.parse(created.data ?? '').data.id, id)
    stream.leave()
    const again = await open(ada, '', first?.id ?? null)
    const repeated = await nextWhere(again, ({ event }) => event === 'delivery.created')
    assert.equal(repeated.id, created.id, 'a client that saw the place alone comes back to it')
    again.leave()
    const byQuery = await open(ada, `?after=${Number(created.id) - 1}`)
    assert.equal((await nextWhere(byQuery, ({ data }) => data !== null)).id, created.id)
    byQuery.leave()
  })

  it('shows to each only what is theirs, and to administrators their organization', async () => {
    const { ada, bob, admin, eve, reportOf } = world
    const streams = { bob: await open(bob), admin: await open(admin), eve: await open(eve) }
    const first = await reportOf(ada)
    const second = await reportOf(bob)
    const third = await reportOf(eve)
    const isCreation = ({ event }: StreamedEvent) => event === 'delivery.created'
    const numbers = async (stream: EventStream) =>
      JSON.parse((await nextWhere(stream, isCreation)).data ?? '').deliveryNumber
    assert.equal(await numbers(streams.bob), second.number)
    assert.equal(await numbers(streams.admin), first.number)
    assert.equal(await numbers(streams.admin), second.number)
    assert.equal(await numbers(streams.eve), third.number)
    for (const stream of Object.values(streams)) stream.leave()
  })

  it('tells the owner alone how far a delivery is, without an id', async () => {
    const { ada, bob, admin, json, ask, reportOf } = world
    const mine = await open(ada)
    const others = await open(bob)
    while (
      (await ask('POST', '/v1/work/claim', by(ada, { body: { types: ['report'] } }))).status === 200
    );
    const { id } = await reportOf(ada)
    const { number, attempt } = await json<{ number: number; attempt: number }>(
      'POST',
      '/v1/work/claim',
      by(ada, { body: { types: ['report'] } }),
    )
    await json(
      'POST',
      `/v1/work/${number}/heartbeat`,
      by(ada, { body: { attempt, progress: 0.25, message: 'A quarter' } }),
    )
    const told = await nextWhere(
      mine,
      ({ event, data }) => event === 'progress' && JSON.parse(data ?? '').progress === 0.25,
    )
    const delivery = JSON.parse(told.data ?? '')
    assert.deepEqual([told.id, delivery.id, delivery.message], [null, id, 'A quarter'])
    const marker = await reportOf(bob)
    await nextWhere(others, ({ event, data }) => {
      const shown = JSON.parse(data ?? '{}')
      assert.notEqual(shown.id, id, "bob's stream tells of ada's delivery")
      return event === 'delivery.created' && shown.deliveryNumber === marker.number
    })
    mine.leave()
    others.leave()
    await json('GET', '/v1/me', by(admin))
  })

  it('ends when the account is suspended, and when the credential is revoked', async () => {
    const { server, json } = world
    for (const username of ['fay', 'gil']) {
      const account = await createTestAccount(server.core, username)
      const stream = await open(account)
      await stream.next()
      if (username === 'fay') await suspendAccount(server.core, 'system', account.id)
      else {
        const { items } = await json<{ items: { id: string; kind: string }[] }>(
          'GET',
          '/v1/me/credentials',
          by(account),
        )
        const token = items.find(({ kind }) => kind === 'token')?.id
        await json('DELETE', `/v1/me/credentials/${token}`, { ...by(account), status: 204 })
      }
      let event = await stream.next()
      while (event !== null) {
        assert.notEqual(event.event, 'credential.revoked', 'nothing is told to a dead credential')
        event = await stream.next()
      }
      const { status } = await open(account)
      assert.equal(status, 401)
    }
  })

  it('gives an account twenty streams and no more, and leaves no listener behind', async () => {
    const { server, ask } = world
    const { signals } = server.core.database
    const subscribe = signals.subscribe.bind(signals)
    let listeners = 0
    signals.subscribe = (channel, listener) => {
      const unsubscribe = subscribe(channel, listener)
      listeners += 1
      return () => {
        listeners -= 1
        unsubscribe()
      }
    }
    const hal = await createTestAccount(server.core, 'hal')
    const streams: EventStream[] = []
    for (let i = 0; i < 20; i += 1) streams.push(await open(hal))
    const refused = await ask('GET', '/v1/events', by(hal))
    assert.equal(refused.status, 429)
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
    assert.ok(listeners >= 20)
    for (const stream of streams) stream.leave()
    await until('the streams are gone', () => listeners === 0)
    const after = await open(hal)
    assert.equal(after.status, 200)
    after.leave()
    await until('the last stream is gone', () => listeners === 0)
    signals.subscribe = subscribe
  })

  it('refuses a place that is none', async () => {
    const { ada, ask } = world
    const odd = await ask('GET', '/v1/events', by(ada, { headers: { 'last-event-id': 'x' } }))
    assert.equal(odd.status, 422)
    for (const after of ['-1', 'x', '1.5', '99999999999999999999']) {
      assert.equal((await ask('GET', `/v1/events?after=${after}`, by(ada))).status, 422, after)
    }
    assert.equal((await ask('HEAD', '/v1/events', by(ada))).status, 405)
  })

  it('ends with the server, and so does who waits for work', async () => {
    const endings: (() => unknown)[] = []
    const own = await startWorld({ after: (task) => void endings.unshift(task as () => unknown) })
    const { signals } = own.server.core.database
    const subscribe = signals.subscribe.bind(signals)
    const waits = Promise.withResolvers<void>()
    signals.subscribe = (channel, listener) => {
      if (channel === 'jobs') waits.resolve()
      return subscribe(channel, listener)
    }
    const stream = await openEventStream(`${own.server.url}/v1/events`, {
      headers: own.ada.headers,
    })
    await stream.next()
    const body = { types: ['report'], wait: 30 }
    const claim = own.ask('POST', '/v1/work/claim', by(own.ada, { body }))
    await waits.promise
    for (const end of endings) await end()
    assert.equal(await stream.next(), null)
    assert.equal((await claim).status, 204)
  })
})

describe('sendEventStream()', () => {
  it('drops a client that does not read, and stops reading the feed', async (t) => {
    let stopped = false
    const row: EventRow = {
      number: 1,
      at: 0,
      organization_id: 'o',
      owner_id: null,
      actor_id: null,
      action: 'delivery.created',
      delivery_number: null,
      data: JSON.stringify({ filler: 'x'.repeat(100_000) }),
    }
    async function* endless(): AsyncGenerator<FeedItem> {
      try {
        for (;;) yield { kind: 'event', event: row }
      } finally {
        stopped = true
      }
    }
    const server = createServer((_request, response) => {
      const { signal } = new AbortController()
      void sendEventStream(response, { after: 0, feed: endless(), signal, drainMs: 50 })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('the feed is no longer read', () => stopped)
    socket.destroy()
  })
})
