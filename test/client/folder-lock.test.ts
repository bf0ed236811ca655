import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { lockFolder, whileLocked } from '../../src/client/files/folder-lock.ts'
import { createTestClient, get } from '../support/get.ts'
import { someBytes, startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? 0
}

async function leaveLock(folder: string, holder: object): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, '.claimcheck.lock')
  await writeFile(path, JSON.stringify({ host: hostname(), since: '2026-11-22', ...holder }))
  return path
}

/** As of a process that was killed a minute ago. */
async function leaveEmpty(path: string): Promise<void> {
  await writeFile(path, '')
  await utimes(path, new Date(), new Date(Date.now() - 60_000))
}

async function startServer(t: TestContext) {
  const server = await startHostileServer(t)
  server.files.set('/a.bin', { bytes: someBytes(100), etag: null })
  return { server, client: createTestClient(server.url), url: `${server.url}/a.bin` }
}

describe('two runs in one folder', () => {
  it('are refused while the first one works, with who it is', async (t) => {
    const folder = await temporaryFolder(t)
    const { client, url } = await startServer(t)
    const unlock = await lockFolder(folder)
    await assert.rejects(get(client, url, { folder }), {
      code: 'folder_in_use',
      message: new RegExp(`^Process ${process.pid} on .* fetches files into`),
    })
    await unlock()
    assert.equal((await get(client, url, { folder })).report.fetched, 1)
    assert.deepEqual((await readdir(folder)).toSorted(), ['.claimcheck.json', 'a.bin'])
  })

  for (const isEmpty of [false, true]) {
    const what = isEmpty ? 'an empty one' : 'a dead one'
    it(`never hold the lock together, however many begin at once over ${what}`, async (t) => {
      const folder = await temporaryFolder(t)
      const path = await leaveLock(folder, { pid: await deadPid() })
      if (isEmpty) await leaveEmpty(path)
      const locks = Array.from({ length: 20 }, () => lockFolder(folder))
      const outcomes = await Promise.allSettled(locks)
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.deepEqual(await readdir(folder), ['.claimcheck.lock'])
    })
  }

  it('take over from a process that is dead', async (t) => {
    const folder = await temporaryFolder(t)
    const { client, url } = await startServer(t)
    await leaveLock(folder, { pid: await deadPid() })
    assert.equal((await get(client, url, { folder })).report.fetched, 1)
  })

  it('take over from two that are dead, one of which was about to take over', async (t) => {
    const folder = await temporaryFolder(t)
    const { client, url } = await startServer(t)
    const path = await leaveLock(folder, { pid: await deadPid() })
    await copyFile(path, `${path}.turn`)
    assert.equal((await get(client, url, { folder })).report.fetched, 1)
    assert.deepEqual((await readdir(folder)).toSorted(), ['.claimcheck.json', 'a.bin'])
  })

  it('do not take over what they cannot judge: another computer, a text of anything', async (t) => {
    const folder = await temporaryFolder(t)
    const path = await leaveLock(folder, { pid: await deadPid(), host: 'elsewhere.example' })
    await assert.rejects(lockFolder(folder), /elsewhere\.example.*remove .*\.claimcheck\.lock/)
    await writeFile(path, '')
    await assert.rejects(lockFolder(folder), { code: 'folder_in_use' })
    assert.equal(await readFile(path, 'utf8'), '')
  })

  it('take over from a process that was killed before it had said who it is', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, '.claimcheck.lock')
    for (const left of [path, `${path}.turn`]) {
      await leaveEmpty(left)
    }
    await (await lockFolder(folder))()
    assert.deepEqual(await readdir(folder), [])
  })

  it('say so where the lock cannot be removed any more, and keep what they fetched', async (t) => {
    const folder = await temporaryFolder(t)
    const { server, client, url } = await startServer(t)
    const path = join(folder, '.claimcheck.lock')
    server.onAnswer = () => {
      rmSync(path)
      mkdirSync(path)
    }
    await assert.rejects(get(client, url, { folder }), { code: 'ERR_FS_EISDIR' })
    const left = (await readdir(folder)).toSorted()
    assert.deepEqual(left, ['.claimcheck.json', '.claimcheck.lock', 'a.bin'])
  })

  it('say first what failed first where the lock cannot be removed either', async (t) => {
    const folder = await temporaryFolder(t)
    const path = join(folder, '.claimcheck.lock')
    const failing = whileLocked(folder, async () => {
      rmSync(path)
      mkdirSync(path)
      throw new Error('first')
    })
    await assert.rejects(failing, /^Error: first$/)
  })

  it('come back where no folder can ever be made', {
    skip: !existsSync('/proc/self'),
  }, async () => {
    await assert.rejects(lockFolder('/proc/claimcheck/out'), { code: 'ENOENT' })
  })

  it('leave a folder unmade that is only looked at', async (t) => {
    const { client, url } = await startServer(t)
    const folder = join(await temporaryFolder(t), 'new')
    const { events } = await get(client, url, { folder, dryRun: true })
    assert.ok(events.some(({ type }) => type === 'planned'))
    await assert.rejects(readdir(folder), { code: 'ENOENT' })
  })
})
