import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { findDelivery } from '../../src/core/deliveries.ts'
import { cancelDelivery, requestDownload, retryDownload } from '../../src/core/downloads.ts'
import {
  completeDownload,
  downloadSteps,
  reportProgress,
} from '../../src/core/jobs/download-jobs.ts'
import { beginJob, beginJobs, failJob, releaseJob, stopJob } from '../../src/core/jobs/job-life.ts'
import { findJob } from '../../src/core/jobs/jobs.ts'
import { storeBytes } from '../../src/core/stored-files.ts'
import type { JobRow } from '../../src/database/tables.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { downloadType } from '../support/download-types.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const steps = new Map([['download', downloadSteps]])
const lease = 45_000

describe('a job', () => {
  it('is claimed by one worker only, the longest waiting first', async (t) => {
    const { core, request, claim } = await setUp(t)
    const first = await request()
    core.clock.pass(1)
    const second = await request()
    const early = await claim('early')
    const claimed = await Promise.all([claim('a'), claim('b'), claim('c')])
    assert.equal(early.delivery_number, first.number)
    assert.deepEqual(
      claimed.flatMap((job) => job?.delivery_number ?? []),
      [second.number],
    )
  })

  it('is claimed with others as far as there is room, those that have waited longest', async (t) => {
    const { core, request } = await setUp(t)
    const numbers: number[] = []
    for (let job = 0; job < 5; job += 1) {
      numbers.push((await request()).number)
      core.clock.pass(1)
    }
    const claim = (limit: number) => beginJobs(core, steps, { queue: 'local', worker: 'a', limit })
    const [first, second, third] = [await claim(2), await claim(10), await claim(1)]
    assert.deepEqual(
      [first, second].map((jobs) => jobs.map((job) => job.delivery_number)),
      [numbers.slice(0, 2), numbers.slice(2)],
    )
    assert.deepEqual(third, [])
  })

  it('comes back when its lease ends, under the next attempt, and the late worker shows nothing', async (t) => {
    const { core, request, claim, file } = await setUp(t)
    const { id } = await request()
    const dead = await claim('dead')
    core.clock.pass(lease - 1)
    assert.equal(await claim('b'), null)
    core.clock.pass(1)
    const again = await claim('b')
    assert.equal(again?.attempt, 2)
    await refusal('lease_lost', completeDownload(core, dead, [await file(dead)]))
    await refusal('lease_lost', reportProgress(core, dead, { progress: 0.5, message: null }))
    await completeDownload(core, again, [await file(again)])
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'done')
    const files = await core.database.kysely.selectFrom('delivery_files').selectAll().execute()
    assert.equal(files.length, 1)
  })

  it('stays with a worker that gives a sign of life', async (t) => {
    const { core, request, claim } = await setUp(t)
    const { id } = await request()
    const job = await claim('a')
    for (let beat = 0; beat < 3; beat += 1) {
      core.clock.pass(lease - 1)
      await reportProgress(core, job, { progress: beat / 4, message: `beat ${beat}` })
    }
    assert.equal(await claim('b'), null)
    const delivery = await findDelivery(core.database.kysely, id)
    assert.deepEqual([delivery?.progress, delivery?.message], [0.5, 'beat 2'])
  })

  it('is tried again after a failure, later each time, and is dead after the last attempt', async (t) => {
    const { core, request, claim } = await setUp(t)
    const { id } = await request()
    const waits: number[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const job = await claim('a')
      await failJob(core, downloadSteps, job, { message: 'why', told: 'It failed.', retry: true })
      const after = await findJob(core.database.kysely, job.number)
      if (after?.claimable_at != null) {
        waits.push(after.claimable_at - core.clock())
        core.clock.pass(after.claimable_at - core.clock())
      }
    }
    const [first = 0, second = 0] = waits
    assert.equal(waits.length, 2)
    assert.ok(first >= 4000 && first <= 6000 && second >= 8000 && second <= 12000, `${waits}`)
    const delivery = await findDelivery(core.database.kysely, id)
    assert.deepEqual([delivery?.state, delivery?.message], ['failed', 'It failed.'])
    assert.equal(await claim('a'), null)
  })

  it('that kills its worker each time is dead after its attempts', async (t) => {
    const { core, request, claim } = await setUp(t)
    const { id } = await request()
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal((await claim('victim')).attempt, attempt)
      core.clock.pass(lease)
    }
    assert.equal(await claim('a'), null)
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'failed')
  })

  it('handed back is taken again at once and has lost no attempt', async (t) => {
    const { core, request, claim, file } = await setUp(t, { maxAttempts: 1 })
    const { id } = await request()
    for (let restart = 0; restart < 5; restart += 1) {
      await releaseJob(core, downloadSteps, await claim(`node ${restart}`))
      assert.equal((await findDelivery(core.database.kysely, id))?.state, 'pending')
    }
    const job = await claim('last')
    await completeDownload(core, job, [await file(job)])
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'done')
  })
})

describe('cancelDelivery()', () => {
  it('ends a waiting job at once', async (t) => {
    const { core, ada, request, claim } = await setUp(t)
    const { id } = await request()
    assert.equal((await cancelDelivery(core, ada, id)).state, 'canceled')
    assert.equal(await claim('a'), null)
    await refusal('conflict', cancelDelivery(core, ada, id))
  })

  it('stops a running job, which then can show nothing', async (t) => {
    const { core, ada, request, claim, file } = await setUp(t)
    const { id } = await request()
    const job = await claim('a')
    const woken: (string | null)[] = []
    t.after(core.database.signals.subscribe('cancel', (payload) => woken.push(payload)))
    await cancelDelivery(core, ada, id)
    assert.deepEqual(woken, [String(job.number)])
    assert.equal((await reportProgress(core, job, { progress: 1, message: null })).stop, true)
    await refusal('lease_lost', completeDownload(core, job, [await file(job)]))
    await stopJob(core, job)
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'canceled')
  })

  it('and a retry leave the old worker without a say', async (t) => {
    const { core, ada, request, claim, file } = await setUp(t)
    const { id } = await request()
    const old = await claim('old')
    await cancelDelivery(core, ada, id)
    await retryDownload(core, ada, id)
    const young = await claim('young')
    await refusal('lease_lost', completeDownload(core, old, [await file(old)]))
    const failure = { message: 'x', told: 'x', retry: true }
    await refusal('lease_lost', failJob(core, downloadSteps, old, failure))
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'running')
    await completeDownload(core, young, [await file(young)])
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'done')
  })

  it('and the end of the work race: one of them wins, and the delivery says which', async (t) => {
    const { core, ada, request, claim, file } = await setUp(t)
    for (let round = 0; round < 20; round += 1) {
      const { id } = await request()
      const job = await claim('a')
      const made = await file(job)
      const work = [() => cancelDelivery(core, ada, id), () => completeDownload(core, job, [made])]
      if (round % 2 === 1) work.reverse()
      const [one, other] = await Promise.allSettled(work.map((each) => each()))
      assert.notEqual(one?.status, other?.status)
      const state = (await findDelivery(core.database.kysely, id))?.state
      const canceledWon = (round % 2 === 0 ? one : other)?.status === 'fulfilled'
      assert.equal(state, canceledWon ? 'canceled' : 'done')
    }
  })
})

async function setUp(t: TestContext, { maxAttempts = 3 } = {}) {
  const core = await openTestCore(t, { downloadTypes: [downloadType('report', { maxAttempts })] })
  const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['download:*'] }))
  return {
    core,
    ada,
    request: () => requestDownload(core, ada, { type: 'report' }),
    // Most tests know that a job waits; those that expect none compare with null.
    claim: async (worker: string) =>
      (await beginJob(core, steps, { queue: 'local', worker })) as JobRow,
    async file(job: JobRow) {
      const bytes = await storeBytes(core, `jobs/${job.number}-${job.attempt}`, chunks('hello'))
      return { name: 'report.txt', mediaType: 'text/plain', bytes }
    },
  }
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}
