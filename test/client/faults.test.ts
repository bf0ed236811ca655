import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { createTestClient, createTestWait, get } from '../support/get.ts'
import {
  etagOf,
  type Fault,
  type HostileFile,
  someBytes,
  startHostileServer,
} from '../support/hostile-server.ts'
import { sized } from '../support/size.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const fileCount = sized(200, 10_000)
const faultCount = sized(100, 2_000)

/** Every run does the same to the client. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What makes another request necessary, whatever was asked for. */
const kinds: readonly ((random: (below: number) => number) => Fault)[] = [
  () => ({ kind: 'refuse' }),
  () => ({ kind: 'cut-after-head' }),
  (random) => ({
    kind: 'busy',
    status: random(2) === 0 ? 429 : 503,
    retryAfter: (['seconds', 'date', 'none'] as const)[random(3)] ?? 'none',
  }),
  (random) => ({ kind: 'error', status: ([500, 502, 504] as const)[random(3)] ?? 500 }),
  () => ({ kind: 'long-length' }),
  () => ({ kind: 'short-length' }),
  () => ({ kind: 'html' }),
  () => ({ kind: 'bare-206' }),
  (random) => ({
    kind: 'expired',
    status: ([400, 401, 403] as const)[random(3)] ?? 403,
    code: ['AccessDenied', 'ExpiredRequest', 'RequestExpired', 'ExpiredToken'][random(4)] ?? '',
    message: 'Request has expired',
  }),
]

/** One file's faults: a cut at any place first, a wrong byte or a coding in the end. */
function planFaults(random: (below: number) => number, wanted: number, size: number): Fault[] {
  const faults = Array.from({ length: wanted }, () =>
    (kinds[random(kinds.length)] ?? kinds[0]!)(random),
  )
  if (random(3) === 0) faults[0] = { kind: 'cut', after: random(size) }
  if (random(3) === 0) faults[wanted - 1] = { kind: random(2) === 0 ? 'flip' : 'gzip' }
  return faults
}

it(`gets ${fileCount} files through ${faultCount} faults, every byte right`, async (t) => {
  const random = createRandom(20_261_121)
  const server = await startHostileServer(t)
  const folder = await temporaryFolder(t)
  const files: Record<string, unknown>[] = []
  const expected = new Map<string, string>()
  for (let number = 1; number <= fileCount; number += 1) {
    // One in fifty is too long to be taken in one piece.
    const size = number % 50 === 0 ? 1_200_000 + random(300_000) : 100 + random(20_000)
    const bytes = someBytes(size, number)
    const etag = random(4) === 0 ? null : etagOf(bytes)
    const file: HostileFile = { bytes, etag, digest: random(2) === 0, noRanges: random(5) === 0 }
    server.files.set(`/signed/${number}`, file)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expected.set(`file-${number}.bin`, sha256)
    files.push({ number, name: `file-${number}.bin`, state: 'available', size, sha256 })
  }
  let grants = 0
  server.handle = (request, response) => {
    const url = new URL(request.url ?? '', server.url)
    const { pathname } = url
    const content = /^\/v1\/files\/(\d+)\/content$/.exec(pathname)?.[1]
    if (content !== undefined) {
      grants += 1
      const location = `/signed/${content}?Signature=${grants}`
      response.writeHead(302, { location }).end()
      return true
    }
    if (pathname === '/v1/deliveries/d') response.end(JSON.stringify({ state: 'done' }))
    else if (pathname === '/v1/deliveries/d/files') {
      const from = Number(url.searchParams.get('cursor') ?? 0)
      const next = from + 1000 < files.length ? String(from + 1000) : null
      response.end(JSON.stringify({ items: files.slice(from, from + 1000), next }))
    } else return false
    return true
  }
  const wanted = new Map<number, number>()
  for (let left = faultCount; left > 0; left -= 1) {
    const number = 1 + random(fileCount)
    wanted.set(number, (wanted.get(number) ?? 0) + 1)
  }
  const planned = new Map(
    [...wanted].map(([number, count]) => {
      const path = `/signed/${number}`
      return [path, planFaults(random, count, server.files.get(path)?.bytes.length ?? 0)]
    }),
  )
  server.fault = (path) => planned.get(path)?.shift() ?? null

  const wait = createTestWait()
  const client = createTestClient(server.url, {
    wait,
    credentials: { kind: 'bearer', token: 'secret' },
    retry: { attempts: 20 },
  })
  const { report, events } = await get(client, `${server.url}/v1/deliveries/d`, { folder })
  assert.deepEqual(
    report.failed.map(({ path, error }) => [path, error.message]),
    [],
  )
  assert.equal(report.fetched, fileCount)
  const names = (await readdir(folder)).filter((name) => name !== '.claimcheck.json')
  assert.deepEqual(names.toSorted(), [...expected.keys()].toSorted())
  for (const name of names) {
    const bytes = await readFile(join(folder, name))
    assert.equal(createHash('sha256').update(bytes).digest('hex'), expected.get(name), name)
  }

  // Every request is one that had to be made: one good answer a file, and one or two more a fault.
  const signed = server.seen.filter(({ path }) => path.startsWith('/signed/'))
  const faulty = signed.filter(({ fault }) => fault !== null)
  assert.equal(faulty.length, faultCount)
  const good = signed.length - faulty.length
  const setbacks = events.filter(({ type }) => type === 'setback').length
  assert.equal(signed.length, fileCount + setbacks, `${good} good answers, ${setbacks} setbacks`)
  const expired = faulty.filter(({ fault }) => fault === 'expired').length
  assert.equal(grants, fileCount + expired)
  for (const { headers } of signed) assert.equal(headers.authorization, undefined)
})
