import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { seedArchive } from './archive-world.ts'
import { requestsPerSecond } from './load.ts'
import { benchEnvironment, startServer, temporaryFolder } from './process.ts'
import { processorSeconds } from './processor-time.ts'
import { residentMegabytes } from './resident.ts'
import type { Row } from './table.ts'
import { seedWorld } from './world.ts'

const READERS = 500
const MIB = 1024 * 1024
/** Until Node has compiled what runs. */
const WARM_UP_ROUNDS = 4

/** What readers cost that ask for much and then take nothing, and what others notice of them. */
export async function benchStalled({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const small = (await seedWorld(environment, [65_536])).files.get(65_536)?.target ?? ''
  const size = (quick ? 16 : 64) * MIB
  const plain = await seedArchive(environment, { count: 4, size })
  const secret = await seedArchive(
    { ...environment, CLAIMCHECK_ENCRYPT: 'all' },
    { count: 5, size },
  )
  const targets = { 'a plain file': plain.plain, 'an encrypted file': secret.plain }
  const all = {
    ...targets,
    'an archive': plain.archive,
    'an archive of encrypted files': secret.archive,
  }
  const rows: Row[] = []
  for (const [name, target] of Object.entries(all)) {
    // A server of its own for each, so that one does not inherit the other's memory.
    await using server = await startServer(environment)
    const others = { url: server.url + small, connections: 16, milliseconds: quick ? 1000 : 4000 }
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await requestsPerSecond(others)
    const alone = await serve(server.pid, others)
    const before = look(server.pid)
    const readers = await stallAll(server.url + target)
    await calm(server.pid)
    const among = await serve(server.pid, others)
    const during = look(server.pid)
    for (const reader of readers) reader.destroy()
    const after = await settle(server.pid, before.descriptors)
    const again = await stallAll(server.url + target)
    const { memory: second } = look(server.pid)
    for (const reader of again) reader.destroy()
    rows.push({
      what: `${READERS} stalled readers of ${name}`,
      measured: `${during.memory} MB, ${during.descriptors} descriptors; others ${Math.round(among.rate)} /s`,
      against: `before ${before.memory} MB, ${before.descriptors}; others ${Math.round(alone.rate)} /s; after they left ${after.memory} MB, ${after.descriptors}; as many once more ${second} MB`,
      ratio: among.rate / alone.rate,
      cost: alone.cost / among.cost,
      goal: '< 250 MB, others at full speed',
    })
  }
  return rows
}

/** Requests of others in a second, and the processor time that the server needs for each. */
async function serve(
  pid: number,
  others: Parameters<typeof requestsPerSecond>[0],
): Promise<{ rate: number; cost: number }> {
  const before = processorSeconds(pid)
  const rate = await requestsPerSecond(others)
  return { rate, cost: (processorSeconds(pid) - before) / (rate * others.milliseconds) }
}

async function stallAll(target: string): Promise<Socket[]> {
  return await Promise.all(Array.from({ length: READERS }, () => stall(new URL(target))))
}

/** Asks, and takes nothing beyond the first bytes. */
async function stall(url: URL): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname)
  socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  if (!head.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(head.toString('latin1'))
  socket.on('error', () => {})
  return socket
}

/** Waits until the server has filled what the network holds for the readers: from here on they stall. */
async function calm(pid: number): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const before = processorSeconds(pid)
    await wait(300)
    if (processorSeconds(pid) - before < 0.02) return
  }
}

function look(pid: number): { memory: number; descriptors: number } {
  return { memory: residentMegabytes(pid), descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

/** Waits until the descriptors are given back, five seconds at most. */
async function settle(pid: number, descriptors: number): Promise<ReturnType<typeof look>> {
  for (let tries = 0; tries < 50 && look(pid).descriptors > descriptors; tries += 1) await wait(100)
  return look(pid)
}
