import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClient } from '../../src/client/create-client.ts'
import { createTestClient } from '../support/get.ts'
import { startHostileServer } from '../support/hostile-server.ts'
import { by, startWorld } from '../support/v1-world.ts'

describe('waiting for a /v1 delivery', () => {
  it('hears by events how far it is and that it is over, and asks for neither', async (t) => {
    const { server, ada, reportOf, ask, json } = await startWorld(t)
    const { id } = await reportOf(ada)
    const looks: (string | null)[] = []
    const client = createClient({
      url: server.url,
      credentials: { kind: 'bearer', token: ada.token },
      fetch(url, init) {
        if (url.endsWith(`/${id}`)) looks.push(new Headers(init.headers).get('prefer'))
        return fetch(url, init)
      },
    })
    const work = async (word: string, body: object) => {
      const claim = by(ada, { body: { types: ['report'], wait: 10 } })
      const { number, attempt } = await json<{ number: number; attempt: number }>(
        'POST',
        '/v1/work/claim',
        claim,
      )
      await ask(
        'POST',
        `/v1/work/${number}/heartbeat`,
        by(ada, { body: { attempt, progress: 0.5 } }),
      )
      return () =>
        ask('POST', `/v1/work/${number}/${word}`, by(ada, { body: { attempt, ...body } }))
    }
    const seen: (number | null)[] = []
    let fail: (() => Promise<unknown>) | null = null
    for await (const { standing, progress } of client
      .open(`${server.url}/v1/deliveries/${id}`)
      .watch({ withoutFiles: true })) {
      seen.push(progress)
      // Not before the second look: by then it listens.
      if (seen.length === 2) fail = await work('fail', { message: 'No.', retry: false })
      if (progress === 0.5) void fail?.()
      if (standing !== 'waiting') assert.equal(standing, 'failed')
    }
    assert.ok(seen.includes(0.5), `${seen}`)
    assert.ok(looks.length <= 6, `${looks.length} looks`)
    assert.deepEqual(new Set(looks), new Set([null]))
  })

  for (const [what, status, type] of [
    ['has no events', 404, 'application/problem+json'],
    ['answers something else', 200, 'application/json'],
  ] as const) {
    it(`waits by Prefer where a server ${what}`, async (t) => {
      const server = await startHostileServer(t)
      let looks = 0
      server.handle = ({ url, headers }, response) => {
        if (url === '/v1/events') response.writeHead(status, { 'content-type': type }).end('{}')
        else {
          if (headers.prefer === 'wait=30') response.setHeader('preference-applied', 'wait=30')
          looks += 1
          response.end(JSON.stringify({ id: 'd', state: looks > 3 ? 'done' : 'running' }))
        }
        return true
      }
      const delivery = createTestClient(server.url).open(`${server.url}/v1/deliveries/d`)
      for await (const _ of delivery.watch({ withoutFiles: true }));
      assert.equal(server.seen.filter(({ path }) => path === '/v1/events').length, 1)
      const asked = server.seen.filter(({ path }) => path === '/v1/deliveries/d')
      assert.deepEqual(
        asked.map(({ headers }) => headers.prefer),
        [undefined, 'wait=30', 'wait=30', 'wait=30'],
      )
    })
  }

  it('looks again when the events break off, and listens again', async (t) => {
    const server = await startHostileServer(t)
    let streams = 0
    server.handle = ({ url }, response) => {
      if (url === '/v1/events') {
        streams += 1
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
        // In pieces that end anywhere, with what is not for us and what nobody can read.
        response.write('id: 1\n\n: still here\n\nevent: x\ndata: {"deliveryNumber":8}\n\ndata: {')
        response.write(
          `\n\nevent: progress\ndata: {"id":"d","state":"running","progress":0.${streams}}\n`,
        )
        setImmediate(() => response.end('\n'))
      } else {
        const state = streams < 3 ? 'running' : 'done'
        response.end(JSON.stringify({ id: 'd', number: 7, state, progress: 0 }))
      }
      return true
    }
    const delivery = createTestClient(server.url).open(`${server.url}/v1/deliveries/d`)
    let last = ''
    for await (const { standing } of delivery.watch({ withoutFiles: true })) last = standing
    assert.equal(last, 'done')
    assert.equal(streams, 3)
  })
})
