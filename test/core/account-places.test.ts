import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Core, CoreSettings } from '../../src/core/core.ts'
import { grantFile, grantFiles, revokeGrant } from '../../src/core/grants/grants.ts'
import { createManifest, revokeManifest } from '../../src/core/manifests/manifests.ts'
import { transact } from '../../src/core/transact.ts'
import { abandonUpload } from '../../src/core/uploads/complete-upload.ts'
import { requestPull } from '../../src/core/uploads/pulled-uploads.ts'
import { receivePart } from '../../src/core/uploads/receive-part.ts'
import { grantUploadUrl } from '../../src/core/uploads/upload-at-once.ts'
import { createUpload, failUpload, takeLease } from '../../src/core/uploads/uploads.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { deliver } from '../support/archive-world.ts'
import { refusal } from '../support/refusal.ts'
import { openTestCore } from '../support/test-core.ts'

const day = 24 * 3600_000

describe('the unfinished uploads of an account', () => {
  it('are as many as the setting says, however many are begun at once', async (t) => {
    const { begin } = await setUp(t, { accountUploads: 3 })
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => begin()))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3)
    const error = await refusal('limit_reached', () => begin())
    assert.match(error.message, /has 3 unfinished uploads.*finish or end one first/)
  })

  it('have as many bytes together as the setting says, however many are begun at once', async (t) => {
    const { begin } = await setUp(t, { accountUploadBytes: 1000 })
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => begin(300)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3)
    await begin(100)
    await refusal('limit_reached', () => begin(1))
    await begin(0)
    await refusal('too_large', () => begin(1001))
  })

  it('count those that resume, signed URLs and pulls, of this account alone', async (t) => {
    const { core, begin, ada, target } = await setUp(t, { accountUploads: 3 })
    const expected = {}
    await begin()
    await grantUploadUrl(core, ada, { target, expected })
    await requestPull(core, ada, { target, expected, url: 'https://data.example/a' })
    await refusal('limit_reached', () => begin())
    await refusal('limit_reached', () => grantUploadUrl(core, ada, { target, expected }))
    const url = 'https://data.example/b'
    await refusal('limit_reached', () => requestPull(core, ada, { target, expected, url }))
    const bob = principalOfAccount(await seedAccount(core, 'bob', { permissions: ['publish'] }))
    await createUpload(core, bob, { target, expected: { size: 1 } })
  })

  it('give their places back when they are whole, ended, failed or given up', async (t) => {
    const { core, begin, ada } = await setUp(t, { accountUploads: 1 })
    const signal = new AbortController().signal
    const whole = await begin(4)
    const source = (async function* () {
      yield Buffer.from('four')
    })()
    await receivePart(core, ada, { id: whole.id, offset: 0, source, checksum: null, signal })
    const ended = await begin()
    await abandonUpload(core, ada, ended.id)
    const failed = await begin()
    await transact(core, (change) => failUpload(change, failed.id, 'It was not there.'))
    const givenUp = await begin()
    core.clock.pass(day - 1)
    await refusal('limit_reached', () => begin())
    await takeLease(core, givenUp.id, 'writer')
    core.clock.pass(1)
    // Somebody writes to it.
    await refusal('limit_reached', () => begin())
    core.clock.pass(day)
    await begin()
  })

  it('of a signed URL end with the URL, or when it is revoked', async (t) => {
    const { core, begin, ada, target } = await setUp(t, { accountUploads: 1 })
    const wish = { target, expected: {}, lifetimeSeconds: 60 }
    const { id } = await grantUploadUrl(core, ada, wish)
    await refusal('limit_reached', () => grantUploadUrl(core, ada, wish))
    await revokeGrant(core, ada, id)
    await grantUploadUrl(core, ada, wish)
    await refusal('limit_reached', () => begin())
    core.clock.pass(60_000)
    await begin()
  })
})

describe('the open links of an account', () => {
  it('are as many as the setting says, however many are made at once', async (t) => {
    const { core, ada, numbers } = await setUp(t, { accountLinks: 5 })
    const make = () => grantFiles(core, ada, { fileNumbers: numbers, isKept: true })
    const outcomes = await Promise.allSettled([make(), make(), make(), make()])
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2)
    const error = await refusal('limit_reached', make)
    assert.match(error.message, /has 4 open links and may have 5: revoke some/)
    const fileNumber = numbers[0] ?? 0
    await grantFile(core, ada, { fileNumber, isKept: true })
    // A redirect is kept by nobody, and a download that needs one is not to fail.
    await grantFile(core, ada, { fileNumber })
    await refusal('limit_reached', () => grantFile(core, ada, { fileNumber, isKept: true }))
  })

  it('give their places back when they are revoked, and when they end', async (t) => {
    const { core, ada, numbers } = await setUp(t, { accountLinks: 1 })
    const make = () =>
      grantFile(core, ada, { fileNumber: numbers[0] ?? 0, isKept: true, lifetimeSeconds: 60 })
    const { id } = await make()
    await refusal('limit_reached', make)
    await revokeGrant(core, ada, id)
    await make()
    core.clock.pass(59_999)
    await refusal('limit_reached', make)
    core.clock.pass(1)
    await make()
  })
})

describe('the open manifests of an account', () => {
  it('are as many as the setting says, until they are revoked or end', async (t) => {
    const { core, ada, numbers } = await setUp(t, { accountManifests: 2 })
    const make = () => createManifest(core, ada, { files: numbers, lifetimeSeconds: 60 })
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, make))
    const made = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    assert.equal(made.length, 2)
    const error = await refusal('limit_reached', make)
    assert.match(error.message, /has 2 open manifests.*revoke one/)
    await revokeManifest(core, ada, made[0]?.manifest.id ?? '')
    await make()
    await refusal('limit_reached', make)
    core.clock.pass(60_000)
    await make()
  })
})

async function setUp(t: TestContext, limits: Partial<CoreSettings>) {
  const open = await openTestCore(t)
  const core = { ...open, settings: { ...open.settings, ...limits } } satisfies Core
  const owner = await seedAccount(core, 'ada', { permissions: ['publish', 'download:*'] })
  const ada = principalOfAccount(owner)
  const files = ['a', 'b'].map((name) => ({ name, bytes: Buffer.from(name) }))
  const { numbers } = await deliver(core, { owner, files })
  const target = {
    kind: 'study',
    organization: 'acme',
    study: 'S',
    delivery: 'D',
    name: 'f',
  } as const
  const begin = (size = 10) => createUpload(core, ada, { target, expected: { size } })
  return { core, ada, numbers, target, begin }
}
