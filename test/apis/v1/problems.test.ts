import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { suiteCleanup } from '../../support/suite-cleanup.ts'
import { by, startWorld, type World } from '../../support/v1-world.ts'

interface Problem {
  type: string
  title: string
  status: number
  detail: string
}

describe('the type of a problem', () => {
  let world: World
  const cleanup = suiteCleanup()
  before(async () => {
    world = await startWorld(cleanup)
  })

  it('leads to a page that says what it means and what to do', async () => {
    const { ada } = world
    const unknownType = by(ada, { body: { type: 'nothing' } })
    const refused = [
      await world.ask('GET', '/v1/deliveries/none', by(ada)),
      await world.ask('POST', '/v1/deliveries', unknownType),
      await world.ask('GET', '/v1/me'),
      await world.ask('DELETE', '/v1/me', by(ada)),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      [404, 422, 401, 405],
    )
    for (const { body } of refused) {
      const { type, title, status } = body as Problem
      const found = await fetch(new URL(type, world.server.url), { redirect: 'manual' })
      const place = new URL(found.headers.get('location') ?? '', world.server.url)
      const answer = await fetch(place)
      assert.equal(answer.status, 200, type)
      const page = await answer.text()
      const anchor = place.hash.slice(1)
      assert.ok(page.includes(`<article id="${anchor}"><h3>${title}</h3>`), type)
      assert.ok(page.includes(`${status} ${anchor}`), type)
    }
  })

  it('has one for an unknown download type, which names those that one may ask for', async () => {
    const long = by(world.ada, { body: { type: 'x'.repeat(150) } })
    const { body } = await world.ask('POST', '/v1/deliveries', long)
    const { detail } = body as Problem
    assert.match(detail, /^There is no download type "x{100}…"\. You may ask for .*report.*\.$/)
  })
})
