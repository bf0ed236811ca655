import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { lookAt } from '../../src/workers/watch/fingerprint.ts'
import { openFolder, openRegular } from '../../src/workers/watch/open-regular.ts'
import { readSteady } from '../../src/workers/watch/read-steady.ts'
import type { WatchOptions } from '../../src/workers/watch/scan.ts'
import { createSettling, isUnfinishedName } from '../../src/workers/watch/settling.ts'
import { startWatchedFolder } from '../../src/workers/watch/watched-folder.ts'
import { seedAccount } from '../support/accounts.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openTestCore, type TestCore } from '../support/test-core.ts'
import { until } from '../support/until.ts'

describe('the watched folder', () => {
  it('publishes what stands in ORG/STUDY/DELIVERY, whatever it is called', async (t) => {
    const { folder, watch, names } = await setUp(t)
    const nasty = ['a b.csv', "l'été 100%.csv", 'q"#?&;.kml', 'x\\y', '∕／', '-rf', '~']
    for (const name of nasty) await put(folder, `acme/A 1/D#1/${name}`, name)
    await put(folder, 'acme/A 1/D2/later', '')
    watch()
    await until('all are published', async () => (await names()).length === 8)
    assert.deepEqual(await names(), [...nasty, 'later'].sort())
  })

  it('leaves out links, unfinished files, pipes, folders and what stands elsewhere, and says so once', async (t) => {
    const { folder, watch, names, complaints, looks } = await setUp(t)
    await put(folder, 'secret', 'not to be seen')
    await put(folder, 'acme/top', 'x')
    for (const name of ['.hidden', 'a.part', 'b.TMP', 'deeper/file']) {
      await put(folder, `acme/S/D/${name}`, 'x')
    }
    await symlink(join(folder, 'secret'), join(folder, 'acme/S/D/link'))
    await symlink(folder, join(folder, 'acme/S/all'))
    execFileSync('mkfifo', [join(folder, 'acme/S/D/pipe')])
    await put(folder, 'unknown/S/D/file', 'x')
    await put(folder, 'acme/S/D/good', 'x')
    watch()
    await until('the good one is published', async () => (await names()).length > 0)
    await looks(3)
    assert.deepEqual(await names(), ['good'])
    assert.deepEqual([...complaints].sort(), [
      '"acme/S/D/deeper" is not a file.',
      '"acme/S/D/link" is a link.',
      '"acme/S/D/pipe" is not a file.',
      '"acme/S/all" is a link, and links are not followed.',
      '"acme/top" is not in a folder ORG/STUDY/DELIVERY.',
      '"secret" is not in a folder ORG/STUDY/DELIVERY.',
      '"unknown/S/D" cannot be published now. There is no organization "unknown".',
    ])
  })

  it('tells of a name that is no UTF-8', { skip: process.platform !== 'linux' }, async (t) => {
    const { folder, watch, names, complaints } = await setUp(t)
    await put(folder, 'acme/S/D/good', 'x')
    const raw = Buffer.concat([Buffer.from(join(folder, 'acme/S/D/')), Buffer.from([0x61, 0xff])])
    await writeFile(raw, 'x')
    watch()
    await until('the good one is published', async () => (await names()).length > 0)
    await until('it is told', () => complaints.length > 0)
    assert.match(complaints.join(), /not UTF-8/)
    assert.deepEqual(await names(), ['good'])
  })

  it('reads nothing again after a restart, and only what has changed', async (t) => {
    const { core, folder, watch, names, published, looks } = await setUp(t)
    for (let index = 0; index < 30; index += 1) await put(folder, `acme/S/D/${index}`, `${index}`)
    const first = watch()
    await until('all are published', async () => (await names()).length === 30)
    await first.stop()
    const before = await rows(core)
    await put(folder, 'acme/S/D/7', 'seven')
    await put(folder, 'acme/S/D/new', 'new')
    published.length = 0
    watch()
    await until('the new one is published', async () => (await names()).length === 31)
    await until('both are', () => sum(published) === 2)
    await looks(3)
    assert.equal(sum(published), 2)
    const unchanged = (await rows(core)).filter((row) => !['7', 'new'].includes(row.name))
    assert.deepEqual(
      unchanged,
      before.filter((row) => row.name !== '7'),
    )
  })

  it('publishes nothing anew whose memory was lost', async (t) => {
    const { core, folder, watch, names, published } = await setUp(t)
    const remembered = async () =>
      (await core.database.kysely.selectFrom('watched_files').selectAll().execute()).length
    await put(folder, 'acme/S/D/a', 'x')
    const first = watch()
    await until('it is remembered', async () => (await remembered()) === 1)
    await first.stop()
    assert.deepEqual(await names(), ['a'])
    const before = await rows(core)
    await core.database.kysely.deleteFrom('watched_files').execute()
    published.length = 0
    watch()
    await until('it is remembered again', async () => (await remembered()) === 1)
    assert.deepEqual(await rows(core), before)
    assert.equal(sum(published), 0)
  })

  it('withdraws nothing that goes away, unless it is told to', async (t) => {
    const { folder, watch, names, looks } = await setUp(t)
    await put(folder, 'acme/S/D/a', 'x')
    await put(folder, 'acme/S/D/b', 'x')
    await put(folder, 'acme/S/E/c', 'x')
    const first = watch()
    await until('all are published', async () => (await names()).length === 3)
    await rm(join(folder, 'acme/S/D/a'))
    await looks(3)
    assert.deepEqual(await names(), ['a', 'b', 'c'])
    await first.stop()
    watch({ withdraw: true })
    await until('it is withdrawn', async () => (await names()).length === 2)
    // A folder that is not there may be a disk that is not mounted.
    await rm(join(folder, 'acme/S/E'), { recursive: true })
    await looks(3)
    assert.deepEqual(await names(), ['b', 'c'])
    await put(folder, 'acme/S/D/a', 'x')
    await until('it is back', async () => (await names()).length === 3)
  })

  it('waits for a file that grows, and takes one that was renamed in', async (t) => {
    const { folder, watch, names, looks } = await setUp(t, { settleMs: 3_600_000 })
    await put(folder, 'acme/S/D/growing', 'x')
    await put(folder, 'acme/S/D/upload.part', 'whole')
    watch()
    await looks(2)
    await appendFile(join(folder, 'acme/S/D/growing'), 'x')
    await rename(join(folder, 'acme/S/D/upload.part'), join(folder, 'acme/S/D/upload'))
    await until('the renamed one is published', async () => (await names()).length > 0)
    // Written long ago elsewhere, and moved here.
    await put(folder, '.staging/old', 'old')
    await utimes(join(folder, '.staging/old'), 1, 1)
    await rename(join(folder, '.staging/old'), join(folder, 'acme/S/D/old'))
    await until('the moved one is published', async () => (await names()).length > 1)
    await looks(2)
    assert.deepEqual(await names(), ['old', 'upload'])
  })

  it('starts where there is no folder yet', async (t) => {
    const { folder, watch, names, complaints } = await setUp(t)
    await rm(folder, { recursive: true })
    watch()
    await until('it is told', () => complaints.length > 0)
    await put(folder, 'acme/S/D/a', 'x')
    await until('it is published', async () => (await names()).length === 1)
    assert.equal(complaints.length, 1)
  })
})

describe('a file of the watched folder', () => {
  it('is settled when it has stood unchanged, or was renamed in', () => {
    let now = 0
    const settling = createSettling(5000, () => now)
    const look = { fingerprint: 'a', inode: '1', size: 1, restedMs: 0 }
    const at = (time: number, changed: Partial<typeof look> = {}) => {
      now = time
      const settled = settling.isSettled('x', { ...look, ...changed })
      settling.turn()
      return settled
    }
    assert.equal(at(0), false)
    assert.equal(at(4999), false)
    assert.equal(at(5000), true)
    assert.equal(at(6000, { fingerprint: 'b' }), false)
    assert.equal(at(10_999, { fingerprint: 'b' }), false)
    assert.equal(at(11_000, { fingerprint: 'b' }), true)
    assert.equal(at(12_000, { fingerprint: 'c', restedMs: 5000 }), true)
    settling.seeUnfinished('9')
    settling.turn()
    assert.equal(at(13_000, { fingerprint: 'd', inode: '9' }), true)
    settling.turn()
    // Gone for a look, it begins anew.
    assert.equal(at(20_000, { fingerprint: 'd' }), false)
  })

  it('is unfinished by its name', () => {
    for (const name of ['.a', 'a.part', 'a.csv.tmp', 'A.TMP']) assert.ok(isUnfinishedName(name))
    for (const name of ['a', 'part', 'tmp', 'a.tmp.csv', 'a.parts']) {
      assert.ok(!isUnfinishedName(name), name)
    }
  })

  it('is never reached through a link, not even one that is swapped in', async (t) => {
    const folder = await temporaryFolder(t)
    await put(folder, 'outside/file', 'secret')
    await put(folder, 'inside/file', 'public')
    const opened = await openFolder(null, join(folder, 'inside'))
    t.after(() => opened.handle.close())
    await symlink(join(folder, 'outside/file'), join(folder, 'inside/link'))
    await assert.rejects(openRegular(opened, 'link'), { name: 'NotRegularError' })
    await rename(join(folder, 'inside'), join(folder, 'moved'))
    await symlink(join(folder, 'outside'), join(folder, 'inside'))
    await assert.rejects(openFolder(null, join(folder, 'inside')), { name: 'NotRegularError' })
    if (process.platform !== 'linux') return
    // What was opened stays what it was.
    const chunks = []
    for await (const chunk of readSteady(opened, 'file', null)) chunks.push(Buffer.from(chunk))
    assert.equal(Buffer.concat(chunks).toString(), 'public')
  })

  it('is not taken when it changes while it is read', async (t) => {
    const folder = await temporaryFolder(t)
    await put(folder, 'file', 'x'.repeat(600_000))
    const opened = await openFolder(null, folder)
    t.after(() => opened.handle.close())
    const handle = await openRegular(opened, 'file')
    const { fingerprint } = lookAt(await handle.stat({ bigint: true }))
    await handle.close()
    const reading = readSteady(opened, 'file', fingerprint)
    await reading.next()
    await appendFile(join(folder, 'file'), 'more')
    await assert.rejects(
      async () => {
        for await (const _chunk of reading);
      },
      { name: 'UnsteadyError' },
    )
    await assert.rejects(readSteady(opened, 'file', fingerprint).next(), { name: 'UnsteadyError' })
  })
})

async function setUp(t: TestContext, defaults: Partial<WatchOptions> = {}) {
  const core = await openTestCore(t)
  await seedAccount(core, 'ada')
  const folder = join(await temporaryFolder(t), 'watched')
  await mkdir(folder)
  const complaints: string[] = []
  const published: number[] = []
  return {
    core,
    folder,
    complaints,
    published,
    names: async () => (await rows(core)).map((row) => row.name).sort(),
    watch(options: Partial<WatchOptions> = {}) {
      const watched = startWatchedFolder(core, {
        folder,
        settleMs: 0,
        scanMs: 10,
        withdraw: false,
        onPublished: ({ folder, files }) => {
          if (!folder.startsWith('acme/MARKERS')) published.push(files)
        },
        onComplaint: (sentence) => complaints.push(sentence),
        ...defaults,
        ...options,
      })
      t.after(() => watched.stop())
      return watched
    },
    /** So many looks through the folder, seen by a file that each time has to be published. */
    async looks(count: number) {
      for (let look = 0; look < count; look += 1) {
        const name = `marker ${look} ${performance.now()}`
        await put(folder, `.staging/${name}`, name)
        await utimes(join(folder, `.staging/${name}`), 1, 1)
        await mkdir(join(folder, 'acme/MARKERS/M'), { recursive: true })
        await rename(join(folder, `.staging/${name}`), join(folder, 'acme/MARKERS/M', name))
        await until('the marker is published', async () => {
          const marker = core.database.kysely.selectFrom('study_files').selectAll()
          return (await marker.where('name', '=', name).executeTakeFirst()) !== undefined
        })
      }
    },
  }
}

async function rows(core: TestCore) {
  return await core.database.kysely
    .selectFrom('study_files')
    .select(['file_number', 'name', 'modified_at'])
    .where('name', 'not like', 'marker%')
    .orderBy('file_number')
    .execute()
}

async function put(folder: string, path: string, text: string): Promise<void> {
  const full = join(folder, path)
  await mkdir(join(full, '..'), { recursive: true })
  await writeFile(full, text)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
