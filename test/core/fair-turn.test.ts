import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { requestDownload } from '../../src/core/downloads.ts'
import { claimJobs, enqueueJob } from '../../src/core/jobs/jobs.ts'
import { claimWork } from '../../src/core/outside-work/outside-work.ts'
import type { Principal } from '../../src/core/principal.ts'
import { transact } from '../../src/core/transact.ts'
import { requestPull } from '../../src/core/uploads/pulled-uploads.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { downloadType } from '../support/download-types.ts'
import { sized } from '../support/size.ts'
import { openTestCore } from '../support/test-core.ts'

const many = sized(100, 900)

describe('pulls that wait', () => {
  it('of one account do not hold up the first of another', async (t) => {
    const { ada, bob, pull, claim } = await setUp(t)
    for (let count = 0; count < many; count += 1) await pull(ada)
    assert.deepEqual(await claim(10), Array(10).fill('ada'))
    await pull(bob)
    assert.deepEqual((await claim(3)).toSorted(), ['ada', 'ada', 'bob'])
    assert.deepEqual(await claim(many), Array(many - 12).fill('ada'))
  })

  it('are taken in turn, account by account, each in its order', async (t) => {
    const { ada, bob, eva, pull, claim, core } = await setUp(t)
    for (let count = 0; count < many; count += 1) await pull(ada)
    for (let count = 0; count < 10; count += 1) await pull(bob)
    for (let count = 0; count < 5; count += 1) await pull(eva)
    const first = await claim(30)
    const counts = ['ada', 'bob', 'eva'].map((who) => first.filter((one) => one === who).length)
    assert.deepEqual(counts, [15, 10, 5])
    for (const [who, most] of [
      ['bob', 3],
      ['eva', 4],
    ] as const) {
      const places = first.flatMap((one, index) => (one === who ? [index] : []))
      const gaps = places.map((place, index) => place - (places[index - 1] ?? -1))
      assert.ok(Math.max(...gaps) <= most, `${who}: ${places}`)
    }
    const claimed = await core.database.kysely
      .selectFrom('jobs')
      .select(['number', 'account_id'])
      .where('state', '=', 'waiting')
      .orderBy('claimable_at')
      .execute()
    const numbers = claimed.map(({ number }) => number)
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    )
  })

  it('are not passed for ever by accounts that come and have only one', async (t) => {
    const { core, ada, pull, claim } = await setUp(t)
    for (let count = 0; count < 10; count += 1) await pull(ada)
    const taken: (string | undefined)[] = []
    for (let count = 0; count < 60; count += 1) {
      await pull(await account(core, `new${count}`))
      taken.push(...(await claim(1)))
    }
    assert.equal(taken.filter((who) => who === 'ada').length, 10)
  })

  it('can be claimed at once where nothing waits, and no sooner than what was tried before', async (t) => {
    const { core, ada, bob, pull, claim } = await setUp(t)
    await pull(ada)
    assert.deepEqual(await claim(1), ['ada'])
    await pull(ada)
    const rows = await core.database.kysely.selectFrom('jobs').select('claimable_at').execute()
    assert.ok(rows.every(({ claimable_at: at }) => at !== null && at >= core.clock() - 1))
    // Something that was put in without a turn.
    await transact(core, async (change) => {
      await enqueueJob(change, {
        kind: 'other',
        queue: 'pulls',
        organizationId: ada.organizationId,
        accountId: ada.accountId,
        maxAttempts: 1,
      })
    })
    await pull(bob)
    assert.deepEqual(await claim(9), ['ada', 'ada', 'bob'])
  })
})

describe('downloads that wait for programs outside', () => {
  it('are claimed in turn, account by account', async (t) => {
    const { core, ada, bob, eva } = await setUp(t)
    const ask = async (principal: Principal) => {
      core.clock.pass(1)
      await requestDownload(core, principal, { type: 'report' })
    }
    for (let count = 0; count < many; count += 1) await ask(ada)
    for (let count = 0; count < 3; count += 1) await ask(bob)
    const owners: string[] = []
    for (let count = 0; count < 8; count += 1) {
      const work = await claimWork(core, eva, { types: ['report'], worker: 'one' })
      owners.push(work?.account.username ?? '')
    }
    assert.equal(owners.filter((who) => who === 'bob').length, 3)
    assert.ok(owners.slice(0, 3).includes('bob'), owners.join())
  })
})

type TestCore = Awaited<ReturnType<typeof openTestCore>>

async function setUp(t: TestContext) {
  const core = await openTestCore(t, {
    downloadTypes: [downloadType('report', { producedBy: 'worker' })],
  })
  const target = { kind: 'study', organization: 'acme', study: 'S', delivery: 'D' } as const
  const names = new Map<string, string>()
  const known = async (name: string) => await account(core, name)
  const [ada, bob, eva] = [await known('ada'), await known('bob'), await known('eva')]
  return {
    core,
    ada,
    bob,
    eva,
    async pull(principal: Principal) {
      core.clock.pass(1)
      names.set(principal.accountId, principal.username)
      const wish = { target: { ...target, name: 'f' }, expected: {} }
      await requestPull(core, principal, { ...wish, url: 'https://data.example/f' })
    },
    /** The next jobs, one after the other, by the names of their accounts. */
    async claim(count: number): Promise<(string | undefined)[]> {
      const owners: (string | undefined)[] = []
      for (let index = 0; index < count; index += 1) {
        core.clock.pass(1)
        const wish = { queues: ['pulls'], worker: 'test', limit: 1 }
        const [job] = await transact(core, (change) => claimJobs(change, core, wish))
        if (job === undefined) break
        owners.push(names.get(job.account_id))
      }
      return owners
    },
  }
}

async function account(core: TestCore, name: string): Promise<Principal> {
  const permissions = ['publish', 'download:*', 'work:*']
  return principalOfAccount(await seedAccount(core, name, { permissions }))
}
