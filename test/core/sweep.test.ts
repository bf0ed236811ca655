import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { findDelivery } from '../../src/core/deliveries.ts'
import { findBytes, listDeliveryFiles } from '../../src/core/delivery-files.ts'
import { requestDownload } from '../../src/core/downloads.ts'
import { grantFile } from '../../src/core/grants/grants.ts'
import { completeDownload, downloadSteps } from '../../src/core/jobs/download-jobs.ts'
import { beginJob } from '../../src/core/jobs/job-life.ts'
import { storeBytes } from '../../src/core/stored-files.ts'
import { sweep } from '../../src/core/sweep.ts'
import { freeze, thaw } from '../../src/database/freeze.ts'
import type { JobRow } from '../../src/database/tables.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { downloadType } from '../support/download-types.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore, type TestCore } from '../support/test-core.ts'

const hour = 3600_000

describe('sweep()', () => {
  it('expires a delivery when its retention is over: listed still, its bytes gone', async (t) => {
    const { core, ada, deliver } = await setUp(t)
    const { id, number } = await deliver()
    const [file] = await listDeliveryFiles(core.database.kysely, number, { limit: 10 })
    assert.ok(file)
    core.clock.pass(hour - 1)
    assert.equal((await sweep(core, { orphans: true })).expired, 0)
    core.clock.pass(1)
    assert.deepEqual(await sweep(core, { orphans: true }), {
      expired: 1,
      unreferenced: 1,
      orphans: 0,
      abandoned: 0,
      lapsed: 0,
      rewrapped: 0,
    })
    assert.equal((await findDelivery(core.database.kysely, id))?.state, 'expired')
    assert.equal(await findBytes(core, file.number), null)
    assert.deepEqual(await objects(core), [])
    await refusal('expired', grantFile(core, ada, { fileNumber: file.number }))
  })

  it('removes an orphan after its grace, and spares what a held job has written', async (t) => {
    const { core, ada, claim } = await setUp(t)
    await requestDownload(core, ada, { type: 'report' })
    const job = await claim()
    const held = await storeBytes(core, `jobs/${job.number}-${job.attempt}`, text('held'))
    await storeBytes(core, `jobs/${job.number}-7`, text('of an attempt that never was'))
    await storeBytes(core, 'uploads', text('lost'))
    // Objects carry the time of the disk, which the test's clock is behind.
    core.clock.pass(Date.now() - core.clock())
    assert.equal((await sweep(core, { orphans: true })).orphans, 0)
    core.clock.pass(hour + 1000)
    assert.equal((await sweep(core, { orphans: true, dryRun: true })).orphans, 2)
    assert.equal((await objects(core)).length, 3)
    if (core.database.engine === 'sqlite') {
      // Whoever it was moved to may have put them there.
      await freeze(core.database, 'a-move')
      assert.equal((await sweep(core, { orphans: true })).orphans, 0)
      await thaw(core.database)
    }
    assert.equal((await sweep(core, { orphans: true })).orphans, 2)
    assert.deepEqual(await objects(core), [held.objectKey])
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t, { downloadTypes: [downloadType('report')] })
  const ada = principalOfAccount(await seedAccount(core, 'ada', { permissions: ['download:*'] }))
  const steps = new Map([['download', downloadSteps]])
  const claim = async () => (await beginJob(core, steps, { queue: 'local', worker: 'w' })) as JobRow
  return {
    core,
    ada,
    claim,
    async deliver() {
      const delivery = await requestDownload(core, ada, { type: 'report' })
      const job = await claim()
      const bytes = await storeBytes(core, `jobs/${job.number}-${job.attempt}`, text('hello'))
      await completeDownload(core, job, [{ name: 'a.txt', mediaType: 'text/plain', bytes }])
      return delivery
    },
  }
}

async function objects(core: TestCore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of core.store.list('')) keys.push(key)
  return keys.sort()
}

async function* text(body: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(body)
}
