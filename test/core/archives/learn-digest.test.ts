import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Archive } from '../../../src/core/archives/archive.ts'
import { keepSha256 } from '../../../src/core/archives/archive-rows.ts'
import { contentWithDigest } from '../../../src/core/archives/learn-digest.ts'
import { openArchive, reopenArchive } from '../../../src/core/archives/open-archive.ts'
import { expireFiles, insertDeliveryFiles } from '../../../src/core/delivery-files.ts'
import { transact } from '../../../src/core/transact.ts'
import type { DeliveryRow } from '../../../src/database/tables.ts'
import { principalOfAccount, seedAccount } from '../../support/accounts.ts'
import { deliver, type GivenFile } from '../../support/archive-world.ts'
import { gather, inChunks, patternBytes, sha256 } from '../../support/bytes.ts'
import { refusal } from '../../support/refusal.ts'
import { sized } from '../../support/size.ts'
import { openTestCore, type TestCore } from '../../support/test-core.ts'

const short: GivenFile[] = [
  { name: 'a.txt', bytes: patternBytes(1000) },
  { name: 'secret', bytes: patternBytes(90_000, 2), encrypted: true },
  { name: 'late', bytes: null },
]
/** Too long to be read before the header. */
const long: GivenFile[] = [...short, { name: 'long', bytes: Buffer.alloc(16 * 1024 * 1024, 'x') }]

describe('contentWithDigest() of a short archive', () => {
  it('tells the digest of any bytes, in both formats', async (t) => {
    const { core, open } = await setUp(t)
    const file = fc.record({
      name: fc.string({ minLength: 1, maxLength: 20 }),
      bytes: fc.nat(200_000).map((size) => patternBytes(size, size)),
      encrypted: fc.boolean(),
    })
    const format = fc.constantFrom('zip' as const, 'tar' as const)
    const property = fc.asyncProperty(
      fc.array(file, { maxLength: 6 }),
      format,
      async (files, name) => {
        const { archive, delivery } = await open(files, name)
        const { digests } = await contentWithDigest(core, archive)
        assert.deepEqual(digests, { sha256: sha256(await wholeOf(archive)) })
        // From then on everybody knows it, without asking.
        const again = await open(files, name, delivery)
        assert.deepEqual(again.archive.content.digests, digests)
        assert.equal(await contentWithDigest(core, again.archive), again.archive.content)
      },
    )
    await fc.assert(property, { numRuns: sized(10, 200) })
  })

  it('reads it once, however many ask for it at the same time', async (t) => {
    const { core, open, countReads } = await setUp(t)
    const { archive } = await open(short)
    const first = await contentWithDigest(core, archive)
    const readsOfOne = countReads()
    assert.ok(readsOfOne > 0)
    const { archive: other } = await open(short)
    const all = Array.from({ length: 20 }, () => contentWithDigest(core, other))
    for (const { digests } of await Promise.all(all)) assert.equal(digests.sha256?.length, 64)
    assert.equal(countReads(), readsOfOne)
    assert.equal(first.digests.sha256, sha256(await wholeOf(archive)))
  })

  it('tells none where a file has changed, whatever its length, or is gone', async (t) => {
    const { core, open, damage } = await setUp(t)
    const sizes = [1000, 90_000]
    for (const size of sizes) {
      const { archive, delivery } = await open([{ name: 'a', bytes: patternBytes(size) }])
      await damage(delivery)
      await assert.rejects(contentWithDigest(core, archive), /"a" are not those that came in/)
      assert.deepEqual(await knownOf(core, archive), {})
    }
    const { archive, delivery } = await open(short)
    await transact(core, (change) => expireFiles(change, delivery.number, 100))
    await refusal('expired', () => contentWithDigest(core, archive))
    assert.deepEqual(await knownOf(core, archive), {})
  })
})

describe('contentWithDigest() of a long archive', () => {
  it('is known from the last chunk of a whole pass on', async (t) => {
    const { core, open } = await setUp(t)
    const { archive } = await open(long)
    const content = await contentWithDigest(core, archive)
    assert.deepEqual(content.digests, {})
    const { size } = content
    const chunks: Buffer[] = []
    let came = 0
    for await (const chunk of content.read({ start: 0, end: size })) {
      chunks.push(Buffer.from(chunk))
      came += chunk.byteLength
      const known = await knownOf(core, archive)
      assert.equal(known?.sha256 !== undefined, came === size)
    }
    const bytes = Buffer.concat(chunks)
    assert.deepEqual(await knownOf(core, archive), { sha256: sha256(bytes) })
    assert.ok(bytes.equals(await wholeOf(archive)))
  })

  it('is so for many files, however small', async (t) => {
    const { core, open } = await setUp(t)
    const one = await open([{ name: 'a', bytes: Buffer.from('a') }])
    const [row] = await core.database.kysely.selectFrom('delivery_files').selectAll().execute()
    const { delivery_number, stored_file_id, size } = row!
    const more = Array.from({ length: 1000 }, () => ({
      ...{ deliveryNumber: delivery_number, name: 'a', mediaType: 'text/plain', size },
      ...{ state: 'available' as const, storedFileId: stored_file_id },
    }))
    await transact(core, (change) => insertDeliveryFiles(change, more))
    const { archive } = await open([], 'zip', one.delivery)
    assert.equal(archive.files, 1001)
    assert.deepEqual((await contentWithDigest(core, archive)).digests, {})
  })

  it('is the same for two who take it at the same time', async (t) => {
    const { core, open } = await setUp(t)
    const { archive } = await open(long)
    const all = { start: 0, end: archive.content.size }
    const contents = [
      await contentWithDigest(core, archive),
      await contentWithDigest(core, archive),
    ]
    const [one, other] = await Promise.all(contents.map(({ read }) => gather(read(all))))
    assert.ok(one !== undefined && other !== undefined && one.equals(other))
    assert.deepEqual(await knownOf(core, archive), { sha256: sha256(one) })
  })

  it('is not known by whoever did not ask, by parts, or by a pass that broke off', async (t) => {
    const { core, open } = await setUp(t)
    const { archive } = await open(long)
    const { size } = archive.content
    await gather(archive.content.read({ start: 0, end: size }))
    const content = await contentWithDigest(core, archive)
    for (const [start, end] of [
      [0, size - 1],
      [1, size],
      [0, size / 2],
      [size / 2, size],
    ] as const) {
      await gather(content.read({ start: Math.floor(start), end: Math.floor(end) }))
    }
    for await (const _ of content.read({ start: 0, end: size })) break
    const stop = new AbortController()
    await assert.rejects(async () => {
      for await (const _ of content.read({ start: 0, end: size }, stop.signal)) stop.abort()
    })
    assert.deepEqual(await knownOf(core, archive), {})
  })

  it('breaks off and stays unknown where a long file has changed', async (t) => {
    const { core, open, damage } = await setUp(t)
    const { archive, delivery } = await open(long)
    await damage(delivery)
    const all = { start: 0, end: archive.content.size }
    const content = await contentWithDigest(core, archive)
    await assert.rejects(gather(content.read(all)), /are not those that came in/)
    assert.deepEqual(await knownOf(core, archive), {})
  })
})

describe('keepSha256()', () => {
  it('keeps what came first', async (t) => {
    const { core, open } = await setUp(t)
    const { archive } = await open(short)
    const { digests } = await contentWithDigest(core, archive)
    await keepSha256(core, archive.id, '0'.repeat(64))
    assert.deepEqual(await knownOf(core, archive), digests)
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const { mock } = t.mock.method(core.store, 'read')
  const owner = await seedAccount(core, 'ada', { permissions: ['download:*', 'study:*'] })
  return {
    core,
    /** How often the store was read from since it was asked last. */
    countReads() {
      const count = mock.callCount()
      mock.resetCalls()
      return count
    },
    /** An archive of some files, or of those of a delivery that is there. */
    async open(files: readonly GivenFile[], format: 'zip' | 'tar' = 'zip', known?: DeliveryRow) {
      // The files of a study may become more, those of a download do not.
      const delivery = known ?? (await deliver(core, { owner, files, kind: 'study' })).delivery
      const wish = { of: { delivery: delivery.id }, format } as const
      return { delivery, archive: await openArchive(core, principalOfAccount(owner), wish) }
    },
    /** Other bytes of the same length, past the product, in place of the last file of a delivery. */
    async damage({ number }: DeliveryRow) {
      const rows = await core.database.kysely
        .selectFrom('delivery_files')
        .innerJoin('stored_files', 'stored_files.id', 'delivery_files.stored_file_id')
        .select(['object_key', 'stored_files.size'])
        .where('delivery_number', '=', number)
        .orderBy('number')
        .execute()
      const { object_key, size } = rows.at(-1)!
      await core.store.put(object_key, inChunks(Buffer.alloc(size, 'y'), 1_000_000))
    },
  }
}

async function wholeOf({ content }: Archive): Promise<Buffer> {
  return await gather(content.read({ start: 0, end: content.size }))
}

/** What whoever opens it now is told unasked. */
async function knownOf(core: TestCore, { id }: Archive) {
  return (await reopenArchive(core, id))?.content.digests
}
