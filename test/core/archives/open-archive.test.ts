import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Archive } from '../../../src/core/archives/archive.ts'
import { openArchive, reopenArchive } from '../../../src/core/archives/open-archive.ts'
import { moveDelivery } from '../../../src/core/deliveries.ts'
import { expireFiles, insertDeliveryFiles } from '../../../src/core/delivery-files.ts'
import { grantArchive } from '../../../src/core/grants/grants.ts'
import { createPickupRecorder } from '../../../src/core/pickups.ts'
import { sweep } from '../../../src/core/sweep.ts'
import { transact } from '../../../src/core/transact.ts'
import { principalOfAccount, seedAccount } from '../../support/accounts.ts'
import { readWithPython } from '../../support/archive-tools.ts'
import { deliver, type GivenFile } from '../../support/archive-world.ts'
import { gather, patternBytes, sha256 } from '../../support/bytes.ts'
import { refusal } from '../../support/refusal.ts'
import { sized } from '../../support/size.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openTestCore } from '../../support/test-core.ts'

const day = 24 * 3600_000

const files: GivenFile[] = [
  { name: 'a.txt', bytes: patternBytes(1000) },
  { name: 'A.txt', bytes: patternBytes(70_000, 2) },
  { name: 'empty', bytes: Buffer.alloc(0) },
  { name: 'secret', bytes: patternBytes(3000, 3), encrypted: true },
  { name: '../b', bytes: patternBytes(200_000, 4), encrypted: true },
]

describe('openArchive()', () => {
  it('opens a delivery: every file, plain or encrypted, under a safe name of its own', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery } = await deliver(core, { owner, files })
    const archive = await openArchive(core, ada, { of: { delivery: delivery.id }, format: 'zip' })
    assert.equal(archive.fileName, `download-${delivery.number}.zip`)
    assert.deepEqual([archive.files, archive.omitted], [5, 0])
    const report = await unzip(t, archive)
    assert.deepEqual(report.read, {
      'a.txt': sha256(patternBytes(1000)),
      'A (1).txt': sha256(patternBytes(70_000, 2)),
      empty: sha256(Buffer.alloc(0)),
      secret: sha256(patternBytes(3000, 3)),
      __b: sha256(patternBytes(200_000, 4)),
    })
  })

  it('says in NOTICE.txt what is missing and why, and lets nobody write lines into it', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery, numbers } = await deliver(core, {
      owner,
      kind: 'order',
      files: [
        { name: 'there', bytes: Buffer.from('x') },
        { name: 'late\r\nforged: line', bytes: null },
        { name: 'gone', bytes: Buffer.from('y'), state: 'expired' },
        { name: 'bad', bytes: null, state: 'failed' },
        { name: 'not yet its turn', bytes: Buffer.from('z'), state: 'pending' },
        { name: 'NOTICE.txt', bytes: Buffer.from('mine') },
      ],
    })
    await core.database.kysely
      .updateTable('delivery_files')
      .set({ message: 'The tape tore.' })
      .where('number', '=', numbers[3] ?? 0)
      .execute()
    const archive = await openArchive(core, ada, { of: { delivery: delivery.id }, format: 'zip' })
    assert.deepEqual([archive.files, archive.omitted], [2, 4])
    const report = await unzip(t, archive)
    assert.deepEqual(report.names, ['there', 'NOTICE.txt', 'NOTICE (1).txt'])
    const text = [
      '4 files could not be put into this archive:',
      '',
      'late forged: line: it is not ready yet',
      'gone: its time is over',
      'bad: it failed: The tape tore.',
      'not yet its turn: it is not ready yet',
      '',
    ].join('\r\n')
    assert.equal(report.read['NOTICE (1).txt'], sha256(Buffer.from(text)))
  })

  it('gives the same archive for the same list, and another once the list has changed', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery } = await deliver(core, { owner, files, kind: 'study' })
    const wish = { of: { delivery: delivery.id }, format: 'zip' } as const
    const first = await openArchive(core, ada, wish)
    core.clock.pass(5000)
    const again = await openArchive(core, ada, wish)
    assert.equal(again.content.etag, first.content.etag)
    assert.deepEqual(again.content.lastModified, first.content.lastModified)
    const tar = await openArchive(core, ada, { ...wish, format: 'tar' })
    assert.notEqual(tar.content.etag, first.content.etag)
    await transact(core, (change) =>
      insertDeliveryFiles(change, [
        {
          deliveryNumber: delivery.number,
          name: 'one more',
          mediaType: 'text/plain',
          state: 'pending',
          storedFileId: null,
          size: null,
        },
      ]),
    )
    const changed = await openArchive(core, ada, wish)
    assert.notEqual(changed.content.etag, first.content.etag)
    assert.equal(changed.omitted, 1)
    // Whoever has begun with the first one goes on with it.
    const named = await openArchive(core, ada, { ...wish, tags: ['"x"', first.content.etag] })
    assert.equal(named.content.etag, first.content.etag)
  })

  it('opens a list once, however many ask for it at the same time', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery } = await deliver(core, { owner, files })
    const wish = { of: { delivery: delivery.id }, format: 'zip' } as const
    const all = await Promise.all(Array.from({ length: 20 }, () => openArchive(core, ada, wish)))
    assert.equal(new Set(all.map(({ id }) => id)).size, 1)
    assert.equal((await rows(core)).archives, 1)
  })

  it('goes on with an order after its files were picked up', async (t) => {
    const { core, ada, owner, recorder } = await setUp(t)
    const { delivery, numbers } = await deliver(core, { owner, files, kind: 'study' })
    const wish = { of: { delivery: delivery.id }, format: 'zip', onlyAvailable: true } as const
    const first = await openArchive(core, ada, wish)
    const { size, etag } = first.content
    const whole = await gather(first.content.read({ start: 0, end: size }))
    const taker = { accountId: ada.accountId, grantId: null, address: null }
    recorder.noteAll(first.taken({ start: 0, end: 40_000 }, taker))
    await recorder.flush()
    // As the pick-ups of an order do.
    await core.database.kysely
      .updateTable('delivery_files')
      .set({ state: 'delivered' })
      .where('number', '=', numbers[0] ?? 0)
      .execute()
    const rest = await openArchive(core, ada, wish)
    assert.equal(rest.files, 4)
    const resumed = await openArchive(core, ada, { ...wish, tags: [etag] })
    assert.equal(resumed.content.etag, etag)
    const tail = await gather(resumed.content.read({ start: 40_000, end: size }))
    assert.ok(Buffer.concat([whole.subarray(0, 40_000), tail]).equals(whole))
    recorder.noteAll(resumed.taken({ start: 40_000, end: size }, taker))
    await recorder.flush()
    const pickups = await core.database.kysely.selectFrom('pickups').selectAll().execute()
    assert.deepEqual(
      pickups.map((row) => [row.file_number, row.bytes_sent, row.completed_at !== null]),
      numbers.map((number, index) => [number, files[index]?.bytes?.length, true]),
    )
  })

  it('counts of each file what went out of it, and no file whose last byte did not', async (t) => {
    const { core, ada, owner, recorder } = await setUp(t)
    const { delivery, numbers } = await deliver(core, { owner, files })
    const archive = await openArchive(core, ada, { of: { delivery: delivery.id }, format: 'tar' })
    const taker = { accountId: ada.accountId, grantId: 'g', address: '::1' }
    recorder.noteAll(archive.taken({ start: 100, end: 512 + 1024 + 512 + 1000 }, taker))
    await recorder.flush()
    const pickups = await core.database.kysely.selectFrom('pickups').selectAll().execute()
    assert.deepEqual(
      pickups.map((row) => [row.file_number, row.spans, row.completed_at !== null]),
      [
        [numbers[0], '[[0,1000]]', true],
        [numbers[1], '[[0,1000]]', false],
      ],
    )
  })

  it('fails, never short, when a file is let go or is damaged while it is read', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery, numbers } = await deliver(core, { owner, files })
    const archive = await openArchive(core, ada, { of: { delivery: delivery.id }, format: 'zip' })
    const all = { start: 0, end: archive.content.size }
    const reading = archive.content.read(all)[Symbol.asyncIterator]()
    await reading.next()
    const stored = await core.database.kysely.selectFrom('stored_files').selectAll().execute()
    for (const { object_key } of stored) await core.store.remove(object_key)
    await assert.rejects(async () => {
      while (!(await reading.next()).done);
    })
    await transact(core, (change) => expireFiles(change, delivery.number, 100))
    await refusal('expired', gather(archive.content.read(all)))
    assert.equal(numbers.length, 5)
  })

  it('ends with its delivery, and seven days after its last use', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const expiresAt = core.clock() + 2 * day
    const short = await deliver(core, { owner, files, expiresAt })
    const long = await deliver(core, { owner, files })
    const open = ({ delivery }: typeof short) =>
      openArchive(core, ada, { of: { delivery: delivery.id }, format: 'zip' })
    const [first, second] = [await open(short), await open(long)]
    assert.equal(first.expiresAt, expiresAt)
    core.clock.pass(2 * day)
    assert.equal(await reopenArchive(core, first.id), null)
    await refusal('expired', open(short))
    assert.notEqual(await reopenArchive(core, second.id), null)
    core.clock.pass(7 * day - 1)
    await sweep(core, { orphans: false })
    assert.deepEqual(await rows(core), { archives: 1, blocks: 1 })
    core.clock.pass(1)
    assert.equal(await reopenArchive(core, second.id), null)
    await sweep(core, { orphans: false })
    assert.deepEqual(await rows(core), { archives: 0, blocks: 0 })
  })

  it('ends at once when its delivery does, and what was begun and never ended is swept', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery } = await deliver(core, { owner, files, expiresAt: core.clock() + day })
    const archive = await openArchive(core, ada, { of: { delivery: delivery.id }, format: 'zip' })
    await core.database.kysely
      .updateTable('archives')
      .set({ ends_at: null, expires_at: core.clock() + 7 * day })
      .execute()
    core.clock.pass(day)
    await sweep(core, { orphans: false })
    assert.equal(await reopenArchive(core, archive.id), null)
    const begun = await deliver(core, { owner, files })
    const failing = openArchive(core, ada, {
      of: {
        files: async function* () {
          yield begun.numbers
          yield [999_999]
        },
      },
      format: 'zip',
    })
    await refusal('not_found', failing)
    core.clock.pass(3600_000)
    await sweep(core, { orphans: false })
    assert.deepEqual(await rows(core), { archives: 0, blocks: 0 })
  })

  it('asks for the permission to each file, and lets nobody into the archives of others', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const other = await seedAccount(core, 'bob', { permissions: ['download:*'] })
    const bob = principalOfAccount(other)
    const eve = principalOfAccount(
      await seedAccount(core, 'eve', { organization: 'other', permissions: ['admin'] }),
    )
    const adas = await deliver(core, { owner, files })
    const bobs = await deliver(core, { owner: other, files })
    const archive = await openArchive(core, ada, {
      of: { delivery: adas.delivery.id },
      format: 'zip',
    })
    for (const principal of [bob, eve]) {
      const wish = { of: { delivery: adas.delivery.id }, format: 'zip' } as const
      await refusal('not_yours', openArchive(core, principal, wish))
      await refusal('not_yours', grantArchive(core, principal, { archive: archive.row }))
    }
    const mixed = [...bobs.numbers, ...adas.numbers.slice(0, 1)]
    await refusal('not_yours', openArchive(core, bob, { of: { files: mixed }, format: 'zip' }))
    await refusal(
      'not_found',
      openArchive(core, bob, { of: { files: [1_000_000] }, format: 'zip' }),
    )
    const own = await openArchive(core, bob, {
      of: { delivery: bobs.delivery.id },
      format: 'zip',
      tags: [archive.content.etag],
    })
    assert.notEqual(own.id, archive.id)
    const admin = principalOfAccount(await seedAccount(core, 'admin', { permissions: ['admin'] }))
    const wish = { of: { delivery: adas.delivery.id }, format: 'zip' } as const
    assert.notEqual((await openArchive(core, admin, wish)).id, archive.id)
    await refusal('not_yours', openArchive(core, admin, { ...wish, action: 'pick-up' }))
  })

  it('opens files of several deliveries in the order in which they are named', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const one = await deliver(core, { owner, files, expiresAt: core.clock() + 3 * day })
    const two = await deliver(core, {
      owner,
      files: files.slice(0, 1),
      expiresAt: core.clock() + day,
    })
    const numbers = [...two.numbers, ...one.numbers.toReversed()]
    const archive = await openArchive(core, ada, { of: { files: numbers }, format: 'zip' })
    assert.equal(archive.expiresAt, core.clock() + day)
    assert.deepEqual((await unzip(t, archive)).names, [
      'a.txt',
      '__b',
      'secret',
      'empty',
      'A (1).txt',
      'a (2).txt',
    ])
    const same = await openArchive(core, ada, { of: { files: numbers }, format: 'zip' })
    assert.equal(same.id, archive.id)
    const none = await openArchive(core, ada, { of: { files: [] }, format: 'zip' })
    assert.deepEqual([none.files, none.content.size], [0, 22])
  })

  it('opens a download only when it is over, and nothing that has expired', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const { delivery } = await deliver(core, { owner, files })
    const wish = { of: { delivery: delivery.id }, format: 'zip' } as const
    await core.database.kysely.updateTable('deliveries').set({ state: 'running' }).execute()
    await refusal('not_ready', openArchive(core, ada, wish))
    await core.database.kysely.updateTable('deliveries').set({ state: 'done' }).execute()
    await transact(core, (change) => moveDelivery(change, delivery, { to: 'expired' }))
    await refusal('expired', openArchive(core, ada, wish))
    await refusal('not_found', openArchive(core, ada, { ...wish, of: { delivery: 'x' } }))
  })

  it('opens very many files, and gives a range deep inside them', async (t) => {
    const { core, ada, owner } = await setUp(t)
    const count = sized(3000, 1_000_000)
    const { delivery } = await deliver(core, {
      owner,
      kind: 'study',
      files: [{ name: 'first', bytes: patternBytes(100) }],
    })
    const [first] = await core.database.kysely.selectFrom('delivery_files').selectAll().execute()
    for (let done = 1; done < count; done += 1000) {
      const page = Array.from({ length: Math.min(1000, count - done) }, (_, index) => ({
        deliveryNumber: delivery.number,
        name: `folder ${(done + index) % 10}/file.txt`,
        mediaType: 'text/plain',
        state: 'available' as const,
        storedFileId: first?.stored_file_id ?? null,
        size: 100,
      }))
      await transact(core, (change) => insertDeliveryFiles(change, page))
    }
    const wish = { of: { delivery: delivery.id }, format: 'zip' } as const
    // Processor time, because on a busy machine a turn may last as long as others want.
    let longest = 0
    let last = process.threadCpuUsage()
    const timer = setInterval(() => {
      const { user, system } = process.threadCpuUsage(last)
      longest = Math.max(longest, (user + system) / 1000)
      last = process.threadCpuUsage()
    }, 1)
    const began = performance.now()
    const archive = await openArchive(core, ada, wish).finally(() => clearInterval(timer))
    const took = performance.now() - began
    t.diagnostic(
      `${count} files: opened in ${took.toFixed(0)} ms, the longest turn ${longest.toFixed(0)} ms`,
    )
    assert.equal(archive.files, count)
    const { size } = archive.content
    const tail = await gather(archive.content.read({ start: size - 500_000, end: size }))
    assert.ok(
      tail.includes(`folder ${(count - 1) % 10}/file (${Math.floor((count - 1) / 10)}).txt`),
    )
    const part = await gather(archive.content.read({ start: size - 300_000, end: size - 299_000 }))
    assert.ok(part.equals(tail.subarray(200_000, 201_000)))
  })
})

async function setUp(t: TestContext) {
  const core = await openTestCore(t)
  const owner = await seedAccount(core, 'ada', { permissions: ['download:*', 'order', 'study:*'] })
  const errors: unknown[] = []
  const recorder = createPickupRecorder(core, (error) => errors.push(error))
  t.after(async () => {
    await recorder.close()
    assert.deepEqual(errors, [])
  })
  return { core, owner, ada: principalOfAccount(owner), recorder }
}

async function rows(core: Awaited<ReturnType<typeof openTestCore>>) {
  const archives = await core.database.kysely.selectFrom('archives').select('id').execute()
  const blocks = await core.database.kysely
    .selectFrom('archive_entries')
    .select('archive_id')
    .execute()
  return { archives: archives.length, blocks: blocks.length }
}

async function unzip(t: TestContext, { content }: Archive) {
  const path = join(await temporaryFolder(t), 'archive.zip')
  const bytes = await gather(content.read({ start: 0, end: content.size }))
  assert.equal(bytes.length, content.size)
  await writeFile(path, bytes)
  return await readWithPython(path)
}
