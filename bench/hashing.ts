/**
 * What taking the digests of 1 GiB costs: on the thread that takes the bytes in, and with md5 on a
 * thread of its own. Prints seconds of wall clock and of processor time for each.
 */
import { createHash, type Hash } from 'node:crypto'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

const TOTAL = 1024 ** 3
/** As the network gives them. */
const CHUNK = 64 * 1024
/** Chunks on their way to the other thread at the same time. */
const AHEAD = 64

if (isMainThread) await compare()
else serve(createHash('md5'))

async function compare(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await measure('md5 + sha-256 + crc-32, inline', inline)
    await measure('the same, and sha-256 of each 8 MiB', pieces)
    await measure('md5 in a worker thread', withWorker)
  }
}

async function measure(name: string, work: () => Promise<void>): Promise<void> {
  const started = performance.now()
  const before = process.cpuUsage()
  await work()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(before)
  const cpu = (user + system) / 1e6
  console.log(`${name}: ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time`)
}

async function inline(): Promise<void> {
  const chunk = Buffer.alloc(CHUNK, 1)
  const hashes = [createHash('md5'), createHash('sha256')]
  let crc = 0
  for (let at = 0; at < TOTAL; at += CHUNK) {
    for (const hash of hashes) hash.update(chunk)
    crc = crc32(chunk, crc)
  }
}

async function pieces(): Promise<void> {
  const chunk = Buffer.alloc(CHUNK, 1)
  const hashes = [createHash('md5'), createHash('sha256')]
  let piece = createHash('sha256')
  let crc = 0
  for (let at = 0; at < TOTAL; at += CHUNK) {
    for (const hash of hashes) hash.update(chunk)
    if (at % (8 * 1024 * 1024) === 0) piece = createHash('sha256')
    piece.update(chunk)
    crc = crc32(chunk, crc)
  }
}

async function withWorker(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url))
  let pending = 0
  let wake = (): void => {}
  worker.on('message', () => {
    pending -= 1
    wake()
  })
  const sha256 = createHash('sha256')
  let crc = 0
  const source = Buffer.alloc(CHUNK, 1)
  for (let at = 0; at < TOTAL; at += CHUNK) {
    sha256.update(source)
    crc = crc32(source, crc)
    // The store writes the same bytes: the other thread needs a copy.
    const copy = new Uint8Array(source)
    pending += 1
    worker.postMessage(copy, [copy.buffer])
    while (pending >= AHEAD) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  while (pending > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  await worker.terminate()
}

function serve(hash: Hash): void {
  parentPort?.on('message', (chunk: Uint8Array) => {
    hash.update(chunk)
    parentPort?.postMessage(null)
  })
}
