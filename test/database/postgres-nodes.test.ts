import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { requestDownload } from '../../src/core/downloads.ts'
import { listEvents, recordEvents } from '../../src/core/events/events.ts'
import { downloadSteps } from '../../src/core/jobs/download-jobs.ts'
import { beginJob, finishJob } from '../../src/core/jobs/job-life.ts'
import { transact } from '../../src/core/transact.ts'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { downloadType } from '../support/download-types.ts'
import { openEventStream } from '../support/event-stream.ts'
import { sized } from '../support/size.ts'
import { openTestCore } from '../support/test-core.ts'
import { createPostgresDatabase, noPostgres, testLimits } from '../support/test-database.ts'
import { startTestServer } from '../support/test-server.ts'
import { by, type DeliveryJson, startWorld } from '../support/v1-world.ts'

process.env.CLAIMCHECK_TEST_DATABASE = 'postgres'

describe('many nodes over one PostgreSQL', { skip: noPostgres }, () => {
  it('answer a long poll and a stream at one for a change at the other', async (t) => {
    const url = await createPostgresDatabase()
    const environment = { CLAIMCHECK_DATABASE_URL: url, CLAIMCHECK_JOB_CONCURRENCY: '0' }
    const world = await startWorld(t, environment)
    const { ada, json, reportOf, server } = world
    const other = await startTestServer(t, { environment, folder: server.folder })
    const waited: number[] = []
    const stream = await openEventStream(`${other.url}/v1/events`, { headers: ada.headers })
    t.after(() => stream.leave())
    for (let round = 0; round < 3; round++) {
      const { id } = await reportOf(ada)
      const poll = fetch(`${other.url}/v1/deliveries/${id}`, {
        headers: { ...ada.headers, prefer: 'wait=60' },
      })
      const begun = performance.now()
      await json('POST', `/v1/deliveries/${id}/cancel`, by(ada, { body: {} }))
      const answer = (await (await poll).json()) as DeliveryJson
      waited.push(performance.now() - begun)
      assert.equal(answer.state, 'canceled')
      for (const action of ['delivery.created', 'delivery.canceled']) {
        const told = await nextEvent(stream)
        assert.deepEqual([told.action, told.data.id], [action, id])
      }
    }
    t.diagnostic(`answered after ${waited.map(Math.round).join(', ')} ms`)
  })

  it('claim each job once, however many workers there are', async (t) => {
    const core = await openTestCore(t, { downloadTypes: [downloadType('report')] })
    const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['download:*'] }))
    const count = sized(100, 2000)
    for (let i = 0; i < count; i++) await requestDownload(core, ada, { type: 'report' })
    const steps = new Map([['download', downloadSteps]])
    const done: number[] = []
    const work = async (worker: string) => {
      for (;;) {
        const job = await beginJob(core, steps, { queue: 'local', worker })
        if (job === null) return
        await finishJob(core, job, async () => {})
        done.push(job.number)
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, i) => work(`worker ${i}`)))
    assert.equal(done.length, count)
    assert.equal(new Set(done).size, count)
    const left = await core.database.kysely
      .selectFrom('jobs')
      .select('number')
      .where((eb) => eb.or([eb('state', '!=', 'done'), eb('attempt', '!=', 1)]))
      .execute()
    assert.deepEqual(left, [])
  })

  it('give each event to a reader who goes on behind the last one, in the order of the numbers', async (t) => {
    const { core, admin, event } = await setUpEvents(t)
    const count = sized(200, 5000)
    let newest = Number.POSITIVE_INFINITY
    const writer = async (name: string) => {
      for (let i = 0; i < count / 10; i++) {
        await transact(core, async (change) => {
          // Some write first and some only the event; each takes as long as it takes.
          if (i % 2 === 0) await sql`select pg_current_xact_id()`.execute(change.db)
          await recordEvents(change, [event(`${name}.${i}`)])
          if (i % 3 === 0) await sql`select pg_sleep(${Math.random() / 100})`.execute(change.db)
        })
      }
    }
    const seen: number[] = []
    const actions = new Set<string>()
    const reader = async () => {
      while ((seen.at(-1) ?? 0) < newest) {
        const events = await listEvents(core, admin, { after: seen.at(-1) ?? 0, limit: 50 })
        for (const { number, action } of events) {
          seen.push(number)
          actions.add(action)
        }
      }
    }
    const reading = reader()
    await Promise.all(Array.from({ length: 10 }, (_, i) => writer(`w${i}`)))
    const last = core.database.kysely
      .selectFrom('events')
      .select(({ fn }) => fn.max('number').as('at'))
    newest = (await last.executeTakeFirstOrThrow()).at
    await reading
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
    assert.equal(actions.size, count)
  })

  it('show no event while one with a smaller number can still come', async (t) => {
    const { core, admin, event } = await setUpEvents(t)
    const written = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const slow = transact(core, async (change) => {
      await recordEvents(change, [event('slow')])
      written.resolve()
      await go.promise
    })
    await written.promise
    await transact(core, (change) => recordEvents(change, [event('quick')]))
    const actionsNow = async () =>
      (await listEvents(core, admin, { after: 0, limit: 10 })).map(({ action }) => action)
    assert.deepEqual(await actionsNow(), [])
    go.resolve()
    await slow
    assert.deepEqual(await actionsNow(), ['slow', 'quick'])
  })

  it('agree about the time, whatever their own clocks say', async (t) => {
    const url = await createPostgresDatabase()
    const earliest = Date.now()
    const node = await openPostgres(url, testLimits)
    t.after(() => node.close())
    const clock = t.mock.method(Date, 'now', () => 0)
    const told = node.now()
    clock.mock.restore()
    // PostgreSQL runs on this machine, too: it tells a moment of this test, however long that takes.
    assert.ok(told > earliest - 1000 && told < Date.now() + 1000)
  })
})

async function setUpEvents(t: TestContext) {
  const core = await openTestCore(t)
  const account = await seedAccount(core, 'grace', { permissions: ['admin'] })
  const admin = principalOfAccount(account)
  await core.database.kysely.deleteFrom('events').execute()
  const event = (action: string) => ({
    organizationId: account.organization_id,
    ownerId: null,
    actorId: null,
    action,
  })
  return { core, admin, event }
}

async function nextEvent(stream: Awaited<ReturnType<typeof openEventStream>>) {
  for (;;) {
    const told = await stream.next()
    assert.ok(told !== null, 'the stream has ended')
    if (told.event === null || !told.event.startsWith('delivery.')) continue
    return JSON.parse(told.data ?? '{}') as { action: string; data: { id: string } }
  }
}
