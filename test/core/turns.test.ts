import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Core } from '../../src/core/core.ts'
import { requestDownload } from '../../src/core/downloads.ts'
import { downloadSteps } from '../../src/core/jobs/download-jobs.ts'
import { beginJobs, failJob, releaseJob } from '../../src/core/jobs/job-life.ts'
import { claimJobs, enqueueJob, type Queue } from '../../src/core/jobs/jobs.ts'
import { claimWork } from '../../src/core/outside-work/outside-work.ts'
import type { Principal } from '../../src/core/principal.ts'
import { transact } from '../../src/core/transact.ts'
import { requestPull } from '../../src/core/uploads/pulled-uploads.ts'
import type { JobRow } from '../../src/database/tables.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { downloadType } from '../support/download-types.ts'
import { sized } from '../support/size.ts'
import { openTestCore } from '../support/test-core.ts'

const many = 200

describe('downloads that wait for the server', () => {
  it('of one account hold up another by those that run, and by one more', async (t) => {
    for (const places of [1, 2, 4]) {
      const { ada, bob, ask, begin, owners } = await setUp(t)
      await ask(ada, many)
      assert.equal((await begin(places)).length, places)
      await ask(bob, 1)
      // One place after the other is free again.
      assert.ok((await owners(2)).includes('bob'), `${places} places`)
    }
  })

  it('are dealt out evenly where several places are free', async (t) => {
    const { ada, bob, eva, ask, begin, nameOf } = await setUp(t)
    await ask(ada, 20)
    await ask(bob, 20)
    await ask(eva, 3)
    assert.deepEqual(counted((await begin(9)).map(nameOf)), { ada: 3, bob: 3, eva: 3 })
    assert.deepEqual(counted((await begin(8)).map(nameOf)), { ada: 4, bob: 4 })
  })

  it('take turns when they come again, too: after a failure, a handed-back place, a lost lease', async (t) => {
    const { core, ada, bob, ask, begin, owners, nameOf } = await setUp(t)
    const failure = { message: 'x', told: 'x', retry: true }
    await ask(bob, 1)
    for (const again of [
      async (job: JobRow) => await failJob(core, downloadSteps, job, failure),
      async (job: JobRow) => await releaseJob(core, downloadSteps, job),
      async () => {},
    ]) {
      const [job] = await begin(1)
      assert.ok(job !== undefined)
      assert.equal(nameOf(job), 'bob')
      await ask(ada, 20)
      await again(job)
      core.clock.pass(60_000)
      // New ones of other accounts come all the time, and do not pass it.
      const next: string[] = []
      for (let round = 0; round < 2; round += 1) {
        await ask(ada, 1)
        next.push(...(await owners(1)))
      }
      assert.equal(counted(next).bob, 1, next.join())
      await clear(core)
      await ask(bob, 1)
    }
  })

  it('of one account that failed together do not hold up the first of another', async (t) => {
    const { core, ada, bob, ask, begin, owners } = await setUp(t)
    await ask(ada, 20)
    const failure = { message: 'x', told: 'x', retry: true }
    for (const job of await begin(20)) await failJob(core, downloadSteps, job, failure)
    core.clock.pass(3600_000)
    await ask(bob, 1)
    assert.ok((await owners(2)).includes('bob'))
  })

  it('are no sooner taken than their time comes', async (t) => {
    const { core, ada, bob, ask, begin, owners } = await setUp(t)
    await ask(ada, 1)
    const [job] = await begin(1)
    assert.ok(job !== undefined)
    const failure = { message: 'x', told: 'x', retry: true }
    await failJob(core, downloadSteps, job, failure)
    await ask(bob, 2)
    assert.deepEqual(await owners(4), ['bob', 'bob'])
    core.clock.pass(6000)
    assert.deepEqual(await owners(4), ['ada'])
  })

  it('are left where their account is passed over', async (t) => {
    const { core, ada, bob, ask, nameOf } = await setUp(t)
    await ask(ada, 3)
    await ask(bob, 1)
    const claim = (except: string[]) =>
      beginJobs(core, steps, { queue: 'local', worker: 'a', limit: 1, except })
    const [first] = await claim([ada.accountId])
    assert.equal(nameOf(first), 'bob')
    assert.deepEqual(await claim([ada.accountId]), [])
    assert.equal(nameOf((await claim([bob.accountId]))[0]), 'ada')
  })
})

describe('the turns of a queue', () => {
  it('give each other account at most one between two of one that waits', async (t) => {
    const { core, put, cancel, claim } = await setUp(t)
    const step = fc.oneof(
      fc.record({ put: fc.nat(6), jobs: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ claims: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ cancel: fc.nat(6) }),
    )
    const runs = sized(25, 250)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await clear(core)
        const waiting = new Map<number, number>()
        /** Since its last turn, or since it came: who has had one meanwhile. */
        const passed = new Map<number, Set<number>>()
        for (const step of steps) {
          if ('put' in step) {
            if (!waiting.has(step.put)) passed.set(step.put, new Set())
            waiting.set(step.put, (waiting.get(step.put) ?? 0) + step.jobs)
            await put(step.put, step.jobs)
            continue
          }
          if ('cancel' in step) {
            for (const map of [waiting, passed]) map.delete(step.cancel)
            await cancel(step.cancel)
            continue
          }
          for (let turn = 0; turn < step.claims; turn += 1) {
            const taken = await claim()
            if (taken === null) assert.equal(waiting.size, 0, 'somebody waits')
            if (taken === null) break
            for (const [account, others] of passed) {
              if (account === taken) continue
              assert.ok(!others.has(taken), `${taken} has passed ${account} twice`)
              others.add(taken)
            }
            const left = (waiting.get(taken) ?? 0) - 1
            passed.set(taken, new Set())
            if (left > 0) waiting.set(taken, left)
            else for (const map of [waiting, passed]) map.delete(taken)
          }
        }
      }),
      { numRuns: runs },
    )
  })

  it('come round at once when nobody is left in the lap', async (t) => {
    const { put, cancel, claim } = await setUp(t)
    await put(1, 2)
    await put(2, 1)
    assert.equal(await claim(), 1)
    await cancel(2)
    assert.deepEqual([await claim(), await claim()], [1, null])
  })

  it('are of one queue, and each account has its own jobs in their order', async (t) => {
    const { core, put, claim } = await setUp(t)
    await put(1, 3)
    await put(2, 2)
    await put(3, 1, 'callbacks')
    const taken: (number | null)[] = []
    for (let turn = 0; turn < 6; turn += 1) taken.push(await claim())
    assert.deepEqual(taken, [1, 2, 1, 2, 1, null])
    const rows = await core.database.kysely
      .selectFrom('jobs')
      .select(['account_id', 'number', 'started_at'])
      .where('state', '=', 'running')
      .orderBy('started_at')
      .execute()
    for (const own of Map.groupBy(rows, (row) => row.account_id).values()) {
      const numbers = own.map((row) => row.number)
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
    }
  })
})

describe('pulls that wait', () => {
  it('of one account do not hold up the first of another', async (t) => {
    const { core, ada, bob, pull } = await setUp(t)
    for (let count = 0; count < 20; count += 1) await pull(ada)
    await pull(bob)
    const taken: string[] = []
    for (let turn = 0; turn < 2; turn += 1) {
      const [job] = await transact(core, (change) =>
        claimJobs(change, core, { queue: 'pulls', worker: 'test', limit: 1 }),
      )
      taken.push(job?.account_id ?? '')
    }
    assert.ok(taken.includes(bob.accountId))
  })
})

describe('downloads that wait for programs outside', () => {
  it('are claimed in turn, account by account', async (t) => {
    const { core, ada, bob, eva, ask } = await setUp(t, 'worker')
    await ask(ada, 20)
    await ask(bob, 3)
    const taken: string[] = []
    for (let count = 0; count < 8; count += 1) {
      const work = await claimWork(core, eva, { types: ['report'], worker: 'one' })
      taken.push(work?.account.username ?? '')
    }
    assert.equal(taken.slice(0, 6).filter((who) => who === 'bob').length, 3, taken.join())
  })
})

const steps = new Map([['download', downloadSteps]])

async function setUp(t: TestContext, producedBy: 'server' | 'worker' = 'server') {
  const core = await openTestCore(t, { downloadTypes: [downloadType('report', { producedBy })] })
  const permissions = ['publish', 'download:*', 'work:*']
  const names = new Map<string, string>()
  const account = async (name: string) => {
    const row = await seedAccount(core, name, { permissions })
    names.set(row.id, name)
    return principalOfAccount(row)
  }
  const [ada, bob, eva] = [await account('ada'), await account('bob'), await account('eva')]
  const target = { kind: 'study', organization: 'acme', study: 'S', delivery: 'D' } as const
  const nameOf = (job: JobRow | undefined) => names.get(job?.account_id ?? '') ?? ''
  const begin = (limit: number) => beginJobs(core, steps, { queue: 'local', worker: 'test', limit })
  return {
    ...{ core, ada, bob, eva, nameOf, begin },
    async ask(principal: Principal, count: number) {
      for (let index = 0; index < count; index += 1) {
        core.clock.pass(1)
        await requestDownload(core, principal, { type: 'report' })
      }
    },
    async pull(principal: Principal) {
      core.clock.pass(1)
      const wish = { target: { ...target, name: 'f' }, expected: {} }
      await requestPull(core, principal, { ...wish, url: 'https://data.example/f' })
    },
    /** The accounts of the next jobs, begun one after the other. */
    async owners(count: number): Promise<string[]> {
      const owners: string[] = []
      for (let turn = 0; turn < count; turn += 1) owners.push(...(await begin(1)).map(nameOf))
      return owners
    },
    /** Puts in jobs that have nothing but a number for an account. */
    async put(account: number, count: number, queue: Queue = 'pulls') {
      core.clock.pass(1)
      const job = { kind: 'x', queue, organizationId: 'o', accountId: `${account}`, maxAttempts: 9 }
      await transact(core, async (change) => {
        for (let index = 0; index < count; index += 1) await enqueueJob(change, job)
      })
    },
    /** What other nodes take and customers cancel is gone as well. */
    async cancel(account: number) {
      const jobs = core.database.kysely.deleteFrom('jobs').where('state', '=', 'waiting')
      await jobs.where('account_id', '=', `${account}`).execute()
    },
    /** The account of the next one of them. */
    async claim(): Promise<number | null> {
      core.clock.pass(1)
      const wish = { queue: 'pulls', worker: 'test', limit: 1 }
      const [job] = await transact(core, (change) => claimJobs(change, core, wish))
      return job === undefined ? null : Number(job.account_id)
    },
  }
}

function counted(names: readonly string[]): Record<string, number> {
  const groups = Map.groupBy(names, (name) => name)
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.length]))
}

async function clear(core: Core): Promise<void> {
  await core.database.kysely.deleteFrom('jobs').execute()
}
