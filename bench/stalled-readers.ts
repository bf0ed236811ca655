import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { kernelMegabytes, untakenMegabytes } from './kernel-memory.ts'
import { type Load, requestsPerSecond, sample } from './load.ts'
import type { BenchProcess } from './process.ts'
import { processorSeconds } from './processor-time.ts'
import { residentMegabytes } from './resident.ts'

export const READERS = 500
/** Until Node has compiled what runs. */
const WARM_UP_ROUNDS = 4

/** What a server has at one moment; memory in MB. */
interface Look {
  readonly memory: number
  readonly descriptors: number
}

/** And what others get of it: requests a second, and the processor time of the server for each. */
interface Served extends Look {
  readonly rate: number
  readonly cost: number
  /** In MB: of what the server has written, and in all. */
  readonly untaken: number
  readonly kernel: number
}

/** Others alone, others among readers that stall, and what is given back when these leave. */
interface Wave {
  readonly alone: Served
  readonly among: Served
  readonly after: Look
}

export interface Stalled {
  readonly first: Wave
  readonly second: Wave
}

interface Paths {
  readonly target: string
  readonly other: string
  /** How long others are served each time. */
  readonly milliseconds: number
}

/** Two waves of readers that ask for `target`, one after the other, and others who ask for `other`. */
export async function stallReaders(
  { url, pid }: BenchProcess,
  { target, other, milliseconds }: Paths,
): Promise<Stalled> {
  const others = { url: url + other, connections: 16, milliseconds }
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    await requestsPerSecond({ ...others, milliseconds: 1000 })
  }
  const first = await wave(pid, url + target, others)
  return { first, second: await wave(pid, url + target, others) }
}

async function wave(pid: number, target: string, others: Load): Promise<Wave> {
  const alone = await serve(pid, others)
  const readers = await stallAll(target)
  await calm(pid)
  const among = await serve(pid, others)
  for (const reader of readers) reader.destroy()
  return { alone, among, after: await settle(pid, alone.descriptors) }
}

async function serve(pid: number, others: Load): Promise<Served> {
  const { perSecond: rate, cost } = await sample(pid, others)
  const untaken = untakenMegabytes(Number(new URL(others.url).port))
  return { ...look(pid), rate, cost, untaken, kernel: kernelMegabytes() }
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

function look(pid: number): Look {
  return { memory: residentMegabytes(pid), descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

/** Waits until the descriptors are given back, five seconds at most. */
async function settle(pid: number, descriptors: number): Promise<Look> {
  for (let tries = 0; tries < 50 && look(pid).descriptors > descriptors; tries += 1) await wait(100)
  return look(pid)
}
