import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { requestDownload } from '../../src/core/downloads.ts'
import { sweep } from '../../src/core/sweep.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { downloadType } from '../support/download-types.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

describe('an Idempotency-Key', () => {
  it('gives the first answer again, to the same account and request', async (t) => {
    const { core, ada, bob } = await setUp(t)
    const wish = { type: 'report', info: { a: 1 }, idempotencyKey: 'k' }
    const first = await requestDownload(core, ada, wish)
    assert.deepEqual(await requestDownload(core, ada, wish), first)
    assert.notEqual((await requestDownload(core, bob, wish)).id, first.id)
    const other = await requestDownload(core, ada, { ...wish, idempotencyKey: 'k2' })
    assert.notEqual(other.id, first.id)
  })

  it('refuses another request under the same key', async (t) => {
    const { core, ada } = await setUp(t)
    await requestDownload(core, ada, { type: 'report', idempotencyKey: 'k' })
    await refusal(
      'idempotency_mismatch',
      requestDownload(core, ada, { type: 'report', info: { a: 1 }, idempotencyKey: 'k' }),
    )
  })

  it('creates one of many that come at once', async (t) => {
    const { core, ada } = await setUp(t)
    const wish = { type: 'report', idempotencyKey: 'k' }
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => requestDownload(core, ada, wish)),
    )
    assert.equal(new Set(answers.map((answer) => answer.id)).size, 1)
  })

  it('is forgotten after 24 hours', async (t) => {
    const { core, ada } = await setUp(t)
    const wish = { type: 'report', idempotencyKey: 'k' }
    const first = await requestDownload(core, ada, wish)
    core.clock.pass(24 * 3600 * 1000 + 1)
    await sweep(core, { orphans: false })
    assert.notEqual((await requestDownload(core, ada, wish)).id, first.id)
  })

  it('has 1 to 255 printable characters', async (t) => {
    const { core, ada } = await setUp(t)
    for (const key of ['', 'é', 'a\nb', 'x'.repeat(256)]) {
      await refusal('invalid', requestDownload(core, ada, { type: 'report', idempotencyKey: key }))
    }
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t, { downloadTypes: [downloadType('report')] })
  const account = async (name: string) =>
    principalOfAccount(await seedAccount(core, name, { permissions: ['download:*'] }))
  return { core, ada: await account('ada'), bob: await account('bob') }
}
