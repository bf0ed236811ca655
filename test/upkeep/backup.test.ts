import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Environment, readSettings } from '../../src/config.ts'
import { listKeptFiles } from '../../src/core/kept-files/kept-files.ts'
import { insertStoredFile, releaseStoredFiles, storeBytes } from '../../src/core/stored-files.ts'
import { sweep } from '../../src/core/sweep.ts'
import { transact } from '../../src/core/transact.ts'
import type { Database } from '../../src/database/database.ts'
import { openInstallation } from '../../src/open-installation.ts'
import { backUp } from '../../src/upkeep/back-up.ts'
import { restore } from '../../src/upkeep/restore.ts'
import { newKey } from '../support/keys.ts'
import { runMain } from '../support/run-main.ts'
import { silentProgress } from '../support/silent-progress.ts'
import { basic, bytesOf, publish } from '../support/studies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestAccount, startTestServer } from '../support/test-server.ts'

describe('backUp() and restore()', () => {
  it('bring a serving installation to another place, encrypted files and all', async (t) => {
    const { server, folder, environment } = await setUp(t, { CLAIMCHECK_ENCRYPT: 'all' })
    const { core } = server
    const ada = await createTestAccount(core, 'ada', {
      organization: 'HAUC',
      permissions: ['study:HAUC'],
    })
    const long = 'x'.repeat(200_000)
    await publish(core, 'HAUC/TOURISM/2026', { 'a.csv': 'a;b\n1;2\n', 'b.csv': long, 'c.csv': '' })
    const backup = join(folder, 'backup')
    const made = await backUp(server.installation, backup, silentProgress())
    assert.equal(made.files, 3)
    assert.deepEqual(made.damaged, [])
    assert.deepEqual(made.master_keys, ['test'])
    // What comes after the backup is not in it.
    await publish(core, 'HAUC/TOURISM/2027', { 'late.csv': 'late' })

    const elsewhere = { ...environment, ...placeIn(folder, 'elsewhere') }
    const report = await restore(readSettings(elsewhere), backup, silentProgress())
    assert.deepEqual({ ...report, bytes: 0 }, { files: 3, bytes: 0, copied: 3, damaged: [] })
    const restored = await startTestServer(t, { environment: elsewhere })
    const headers = basic(ada.username, ada.password)
    const listing = await fetch(`${restored.url}/api_file/v1/HAUC/`, { headers })
    const files = (await listing.json()) as { url: string }[]
    assert.equal(files.length, 3)
    const texts = []
    for (const { url } of files) texts.push(await (await fetch(url, { headers })).text())
    assert.deepEqual(
      texts.sort().map((text) => text.slice(0, 20)),
      ['', 'a;b\n1;2\n', 'x'.repeat(20)],
    )
    assert.equal(texts.at(-1), long)
  })

  it('lets nobody else read the database, even while it is copied into an open folder', async (t) => {
    const { server, folder } = await setUp(t)
    const { core } = server
    const backup = join(folder, 'backup')
    await mkdir(backup, { mode: 0o755 })
    const modes: number[] = []
    const copyTo: Database['copyTo'] = async (path, watch) => {
      const note = async () => modes.push((await stat(path)).mode & 0o777)
      await note()
      await core.database.copyTo?.(path, watch)
      await note()
    }
    const watched = { ...core, database: { ...core.database, copyTo } }
    await backUp({ ...server.installation, core: watched }, backup, silentProgress())
    assert.deepEqual(modes, [0o600, 0o600])
  })

  it('copies the database anew when a file went away behind it', async (t) => {
    const { server, folder } = await setUp(t)
    const { core } = server
    await keep(core, 'stays')
    let copies = 0
    const copyTo: Database['copyTo'] = async (path, watch) => {
      copies += 1
      const id = copies === 1 ? await keep(core, 'goes') : ''
      await core.database.copyTo?.(path, watch)
      if (copies > 1) return
      await transact(core, (change) => releaseStoredFiles(change, [id]))
      assert.equal((await sweep(core, { orphans: false })).unreferenced, 1)
    }
    const racing = { ...core, database: { ...core.database, copyTo } }
    const backup = join(folder, 'backup')
    const made = await backUp({ ...server.installation, core: racing }, backup, silentProgress())
    assert.equal(copies, 2)
    assert.equal(made.files, 1)
    assert.deepEqual(made.damaged, [])
  })

  it('is whole while files come and go all the time', async (t) => {
    const { server, folder, environment } = await setUp(t)
    const { core } = server
    for (let index = 0; index < 40; index++) await keep(core, `stays ${index}`)
    let isOver = false
    let rounds = 0
    const writing = (async () => {
      while (!isOver) {
        const ids = [await keep(core, 'comes'), await keep(core, 'goes')]
        await transact(core, (change) => releaseStoredFiles(change, ids.slice(1)))
        await sweep(core, { orphans: false })
        rounds += 1
      }
    })()
    const backup = join(folder, 'backup')
    const made = await backUp(server.installation, backup, silentProgress()).finally(() => {
      isOver = true
    })
    await writing
    assert.deepEqual(made.damaged, [])
    assert.ok(made.files >= 40 && rounds > 0, `${made.files} files, ${rounds} rounds`)
    const settings = readSettings({ ...environment, ...placeIn(folder, 'elsewhere') })
    const report = await restore(settings, backup, silentProgress())
    assert.deepEqual([report.files, report.damaged], [made.files, []])
  })

  it('goes on where it was interrupted, and overwrites nothing', async (t) => {
    const { server, folder, environment } = await setUp(t)
    const { core, installation } = server
    for (let index = 0; index < 30; index++) await keep(core, `file ${index}`)
    const backup = join(folder, 'backup')
    const half = () => silentProgress((_doing, done) => (done ?? 0) > 0.5)
    await assert.rejects(backUp(installation, backup, half()), /stopped by the test/)
    const settings = readSettings({ ...environment, ...placeIn(folder, 'elsewhere') })
    await assert.rejects(restore(settings, backup, silentProgress()), /is not whole/)
    const made = await backUp(installation, backup, silentProgress())
    assert.equal(made.files, 30)
    await assert.rejects(backUp(installation, backup, silentProgress()), /never overwritten/)
    const other = join(folder, 'other')
    await mkdir(other)
    await writeFile(join(other, 'mine.txt'), 'mine')
    await assert.rejects(backUp(installation, other, silentProgress()), /is not empty/)

    await assert.rejects(restore(settings, backup, half()), /stopped by the test/)
    assert.ok(!existsSync(join(folder, 'elsewhere', 'claimcheck.sqlite')))
    assert.equal((await restore(settings, backup, silentProgress())).files, 30)
    await assert.rejects(restore(settings, backup, silentProgress()), /is there already/)
    const sameStore = {
      ...settings,
      database: { engine: 'sqlite', path: join(other, 'a') },
    } as const
    await assert.rejects(restore(sameStore, backup, silentProgress()), /The store is not empty/)
  })

  it('reports what is damaged and keeps everything else', async (t) => {
    const { server, folder, environment } = await setUp(t)
    const { core, installation } = server
    for (const text of ['whole', 'gone!', 'wrong']) await keep(core, text)
    const keys = []
    for await (const page of listKeptFiles(core.database.kysely)) keys.push(...page)
    const [gone, wrong] = [keys[1]?.object_key ?? '', keys[2]?.object_key ?? '']
    await core.store.remove(gone)
    await writeFile(join(folder, 'data', 'objects', 'objects', wrong), 'WRONG')
    const backup = join(folder, 'backup')
    const made = await backUp(installation, backup, silentProgress())
    assert.equal(made.files, 1)
    assert.deepEqual(
      made.damaged.map(({ object_key: key, problem }) => [key, problem]).sort(),
      [
        [gone, 'its object is missing'],
        [wrong, 'its bytes do not have the digest of its row'],
      ].sort(),
    )
    // A backup that has been tampered with is refused.
    const bad = join(folder, 'bad')
    await cp(backup, bad, { recursive: true })
    await writeFile(join(bad, 'claimcheck.sqlite'), 'other', { flag: 'a' })
    const settings = readSettings({ ...environment, ...placeIn(folder, 'elsewhere') })
    await assert.rejects(restore(settings, bad, silentProgress()), /its database is not the one/)
  })
})

describe('claimcheck backup and restore', () => {
  it('work beside each other on the command line, and ask for the keys of the time', async (t) => {
    const cwd = await temporaryFolder(t)
    assert.equal((await runMain(['init'], { cwd })).code, 0)
    const made = await runMain(['backup', 'copy'], { cwd })
    assert.equal(made.code, 0, made.err)
    assert.match(made.out, /The keys are not in it/)
    const manifest = JSON.parse(await readFile(join(cwd, 'copy', 'claimcheck-backup.json'), 'utf8'))
    assert.equal(manifest.files, 0)
    const again = await runMain(['backup', 'copy'], { cwd })
    assert.equal(again.code, 1)
    const restored = await runMain(['restore', 'copy', '--data', 'rehearsal', '--json'], { cwd })
    assert.equal(restored.code, 0, restored.err)
    assert.deepEqual(JSON.parse(restored.out).damaged, [])
    const accounts = await runMain(['account', 'list', '--data', 'rehearsal'], { cwd })
    assert.match(accounts.out, /admin/)
    assert.match((await runMain(['restore', 'copy'], { cwd })).err, /is there already/)
    await writeFile(
      join(cwd, 'copy', 'claimcheck-backup.json'),
      JSON.stringify({ ...manifest, master_keys: ['lost'] }),
    )
    const refused = await runMain(['restore', 'copy', '--data', 'third'], { cwd })
    assert.match(refused.err, /under the master key "lost"/)
  })
})

function placeIn(folder: string, name: string): Environment {
  return {
    CLAIMCHECK_DATA: join(folder, name),
    CLAIMCHECK_DATABASE_URL: `sqlite:${join(folder, name, 'claimcheck.sqlite')}`,
  }
}

/** A running server whose database is a file, on either engine's turn. */
async function setUp(t: TestContext, more: Environment = {}) {
  const folder = await temporaryFolder(t)
  const environment = {
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
    ...placeIn(folder, 'data'),
    ...more,
  }
  const server = await startTestServer(t, { folder, environment })
  const installation = await openInstallation(readSettings(environment))
  t.after(() => installation.close())
  return { folder, environment, server: { ...server, installation, core: installation.core } }
}

/** A file that nothing refers to and nobody has released. Returns the id of its row. */
async function keep(core: Parameters<typeof storeBytes>[0], text: string): Promise<string> {
  const bytes = await storeBytes(core, 'kept', bytesOf(text))
  return (await transact(core, (change) => insertStoredFile(change, bytes, 'text/plain'))).id
}
