import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type PeerName, peers } from './archive-peers.ts'
import { type ArchiveWorld, seedArchive } from './archive-world.ts'
import { inTurns, type Sample, sample } from './load.ts'
import {
  type BenchProcess,
  benchEnvironment,
  startScript,
  startServer,
  temporaryFolder,
} from './process.ts'
import type { Row } from './table.ts'

const run = promisify(execFile)
const ROUND_MS = 2000
const GIB = 1024 ** 3

interface Shape {
  readonly name: string
  readonly count: number
  readonly size: number
}

const shapes: readonly Shape[] = [
  { name: '5,000 × 1 KiB', count: 5000, size: 1024 },
  { name: '1 × 1 GiB', count: 1, size: GIB },
]

/**
 * Archives to a null sink and over HTTP: against the same bytes as one plain file, and against the
 * archivers that one finds on npm.
 */
export async function benchArchives({ quick }: { quick: boolean }): Promise<Row[]> {
  const rows: Row[] = []
  for (const shape of shapes) {
    await using folder = await temporaryFolder()
    const environment = await benchEnvironment(folder.path)
    const world = await seedArchive(environment, shape)
    const setting = { shape, world, folder: folder.path, rounds: quick ? 3 : 5 }
    rows.push(await toNullSink(setting, environment))
    rows.push(...(await overHttp(setting, environment)))
  }
  return rows
}

interface Setting {
  readonly shape: Shape
  readonly world: ArchiveWorld
  readonly folder: string
  readonly rounds: number
}

async function toNullSink(
  { shape, world, folder, rounds }: Setting,
  environment: Record<string, string>,
): Promise<Row> {
  const by = (maker: string) => async (): Promise<Sample> => {
    const path = join(folder, 'task.json')
    const { archiveId, files } = world
    const task = { maker, milliseconds: ROUND_MS, environment, archiveId, files }
    await writeFile(path, JSON.stringify(task))
    const script = join(import.meta.dirname, 'archive-sink.ts')
    const { stdout } = await run(process.execPath, [script, path])
    const { archives, seconds, processorSeconds } = JSON.parse(stdout) as Record<string, number>
    return toSample(shape, world, {
      bytes: (archives ?? 0) * world.archiveSize,
      seconds: seconds ?? 0,
      processorSeconds: processorSeconds ?? 0,
    })
  }
  const makers = ['claimcheck', ...Object.keys(peers)].map((name) => [name, by(name)] as const)
  // Each process warms itself up.
  const samples = await inTurns<string>(rounds, Object.fromEntries(makers), 0)
  return versusPeers(`${shape.name} to a null sink`, shape, samples)
}

async function overHttp(
  { shape, world, folder, rounds }: Setting,
  environment: Record<string, string>,
): Promise<Row[]> {
  const path = join(folder, 'files.json')
  await writeFile(path, JSON.stringify(world.files))
  await using server = await startServer(environment)
  await using others = await startScript('archive-peer-server.ts', [path])
  const from =
    ({ pid }: BenchProcess, url: string) =>
    async (): Promise<Sample> => {
      const load = { url, connections: 1, inBytes: true, milliseconds: ROUND_MS }
      const { perSecond, cost } = await sample(pid, load)
      const seconds = ROUND_MS / 1000
      const bytes = perSecond * seconds
      return toSample(shape, world, { bytes, seconds, processorSeconds: (cost * bytes) / 1e6 })
    }
  const theirs = (Object.keys(peers) as PeerName[]).map(
    (name) => [name, from(others, `${others.url}/${name}`)] as const,
  )
  const samples = await inTurns<string>(rounds, {
    claimcheck: from(server, server.url + world.archive),
    plain: from(server, server.url + world.plain),
    ...Object.fromEntries(theirs),
  })
  const { claimcheck = nothing, plain = nothing } = samples
  return [
    {
      what: `${shape.name} over HTTP, against one plain file as long`,
      measured: said(shape, claimcheck),
      against: `plain file ${said(shape, plain)}`,
      ratio: claimcheck.perSecond / plain.perSecond,
      cost: plain.cost / claimcheck.cost,
      goal: shape.count === 1 ? '≥ 0.9' : '',
    },
    versusPeers(`${shape.name} over HTTP`, shape, samples),
  ]
}

const nothing: Sample = { perSecond: 0, cost: 0 }

/** In files of an archive where they are many, else in bytes; the cost is in µs for each of the same. */
function toSample(
  { count }: Shape,
  { archiveSize }: ArchiveWorld,
  done: { bytes: number; seconds: number; processorSeconds: number },
): Sample {
  const units = count === 1 ? done.bytes : (done.bytes / archiveSize) * count
  return {
    perSecond: units / done.seconds,
    cost: (done.processorSeconds * 1e6) / units,
  }
}

function versusPeers(what: string, shape: Shape, samples: Record<string, Sample>): Row {
  const { claimcheck = nothing, plain: _, ...others } = samples
  const best = Object.values(others).toSorted((a, b) => b.perSecond - a.perSecond)[0] ?? nothing
  const each = Object.entries(others).map(([name, theirs]) => `${name} ${said(shape, theirs)}`)
  return {
    what,
    measured: said(shape, claimcheck),
    against: each.join(', '),
    ratio: claimcheck.perSecond / best.perSecond,
    cost: best.cost / claimcheck.cost,
    goal: shape.count === 1 ? '' : '≥ 50,000 files/s',
  }
}

function said({ count }: Shape, { perSecond, cost }: Sample): string {
  return count === 1
    ? `${(perSecond / 1e9).toFixed(2)} GB/s`
    : `${Math.round(perSecond)} files/s (${cost.toFixed(1)} µs of processor)`
}
