import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { signUrl } from '../../src/auth/signed-url.ts'
import { readSettings } from '../../src/config.ts'
import { openArchive } from '../../src/core/archives/open-archive.ts'
import { grantArchive, grantFile } from '../../src/core/grants/grants.ts'
import type { GrantRow } from '../../src/database/tables.ts'
import { openInstallation } from '../../src/open-installation.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { deliver } from '../support/archive-world.ts'
import { patternBytes, sha256 } from '../support/bytes.ts'
import { newKey } from '../support/keys.ts'
import { startServerProcess } from '../support/server-process.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const megabyte = 1024 * 1024
const readers = sized(20, 500)
/**
 * In bytes of memory, for 500 readers twice: 68 to 90 MB were measured. They ask for six thousand. (What the built server holds
 * then, below 250 MB, is shown by `npm run bench -- stalled`.)
 */
const ROOM = 130e6
/** What is taken shall leave no connection behind. */
const closing = { headers: { connection: 'close' } }
/** More than the sockets of both sides hold. */
const bytes = patternBytes(12 * megabyte)

describe('readers that ask for much and then take nothing', {
  skip: process.platform === 'linux' ? false : 'what a process holds is read from /proc',
}, () => {
  for (const what of ['a plain file', 'an encrypted file', 'an archive'] as const) {
    it(`of ${what} cost others nothing, hold little, and give it back when they leave`, async (t) => {
      const { server, targets } = await setUp(t)
      const other = server.url + targets['a plain file']
      const target = server.url + targets[what]
      // The store keeps a file open for a while that was read.
      await Promise.all([take(other), fetch(target, closing).then((answer) => answer.bytes())])
      await untilQuiet(server.pid)
      const atRest = descriptorsOf(server.pid)
      const most = memoryOf(server.pid) + ROOM
      const alone = await bytesReadBy(server.pid, () => take(other))

      const begun = bytesRead(server.pid)
      let stalled = await stallAll(target)
      await untilQuiet(server.pid)
      assert.ok(descriptorsOf(server.pid) >= atRest + readers)
      const forEach = (bytesRead(server.pid) - begun) / readers
      assert.ok(forEach < 0.75 * bytes.length, `${forEach} bytes were read for each`)
      assert.ok(memoryOf(server.pid) < most, `${memoryOf(server.pid)} bytes of memory`)

      // How much is read for another is what a clock would tell on a machine that has nothing else to do.
      const among = await bytesReadBy(server.pid, () => take(other))
      const ratio = among / alone
      assert.ok(ratio > 0.95 && ratio < 1.05, `${among} bytes read, ${alone} without the others`)

      for (const socket of stalled) socket.destroy()
      await until('all is given back', () => descriptorsOf(server.pid) <= atRest)
      // As many once more find the memory that the first have left.
      stalled = await stallAll(target)
      await untilQuiet(server.pid)
      assert.ok(memoryOf(server.pid) < most, `${memoryOf(server.pid)} bytes of memory`)
      for (const socket of stalled) socket.destroy()
      await until('all is given back', () => descriptorsOf(server.pid) <= atRest)
      await take(other)
    })
  }
})

/** As `npm start` does: V8 takes more memory for what is young by itself. */
const asStarted = ['env', 'NODE_OPTIONS=--max-semi-space-size=4', 'MALLOC_ARENA_MAX=1']

async function setUp(t: TestContext) {
  const folder = await temporaryFolder(t)
  const environment = {
    CLAIMCHECK_DATA: join(folder, 'data'),
    CLAIMCHECK_SIGNING_KEYS: newKey('test'),
    CLAIMCHECK_MASTER_KEYS: newKey('test'),
  }
  const installation = await openInstallation(readSettings(environment))
  const { core, signingKeys } = installation
  const owner = await seedAccount(core, 'ada', { permissions: ['download:*'] })
  const ada = principalOfAccount(owner)
  const files = [
    { name: 'plain', bytes },
    { name: 'secret', bytes, encrypted: true },
  ]
  const { delivery, numbers } = await deliver(core, { owner, files })
  const of = { delivery: delivery.id }
  const { row } = await openArchive(core, ada, { of, format: 'zip' })
  const targetOf = ({ id, file_name, expires_at }: GrantRow) =>
    signUrl(signingKeys, {
      grantId: id,
      fileName: file_name,
      method: 'GET',
      expiresAt: expires_at,
    })
  const fileOf = async (number = 0) => targetOf(await grantFile(core, ada, { fileNumber: number }))
  const targets = {
    'a plain file': await fileOf(numbers[0]),
    'an encrypted file': await fileOf(numbers[1]),
    'an archive': targetOf(await grantArchive(core, ada, { archive: row })),
  }
  await installation.close()
  const server = await startServerProcess(t, folder, environment, asStarted)
  return { server, targets }
}

async function take(url: string): Promise<void> {
  const answer = await fetch(url, closing)
  assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(bytes))
}

async function stallAll(url: string): Promise<Socket[]> {
  return await Promise.all(Array.from({ length: readers }, () => stall(new URL(url))))
}

/** Asks, and takes nothing beyond the first bytes. */
async function stall({ hostname, host, port, pathname, search }: URL): Promise<Socket> {
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  socket.on('error', () => {})
  assert.match(head.toString('latin1'), /^HTTP\/1\.1 200 /)
  return socket
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** In bytes. */
function memoryOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
}

/** By all calls of the process so far: from files, and what is little, from sockets. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}

async function bytesReadBy(pid: number, work: () => Promise<void>): Promise<number> {
  const before = bytesRead(pid)
  await work()
  return bytesRead(pid) - before
}

/** Waits until it has read nothing, to speak of, for twenty looks. */
async function untilQuiet(pid: number): Promise<void> {
  let looks = 0
  let last = 0
  await until('nothing is read for them any more', () => {
    const now = bytesRead(pid)
    looks = now - last < 10_000 ? looks + 1 : 0
    last = now
    return looks > 20
  })
}
