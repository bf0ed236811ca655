import { join } from 'node:path'
import { inTurns, isOnPath, type Sample, sample } from './load.ts'
import { type Nginx, secureLink, startNginx } from './nginx.ts'
import {
  type BenchProcess,
  benchEnvironment,
  startScript,
  startServer,
  temporaryFolder,
} from './process.ts'
import type { Row } from './table.ts'
import { seedWorld, type World } from './world.ts'

interface Measured {
  readonly name: string
  readonly size: number
  readonly connections: number
  readonly goal: number
}

const sizes: readonly Measured[] = [
  { name: 'signed GET of 4 KiB, 32 connections', size: 4096, connections: 32, goal: 0.8 },
  { name: 'signed GET of 64 KiB, 32 connections', size: 65_536, connections: 32, goal: 0.7 },
  { name: 'signed GET of 1 GiB, 1 connection', size: 2 ** 30, connections: 1, goal: 1 },
]
const SMALL = 65_536
const ROUND_MS = 1000

/**
 * GETs of three sizes by signed URLs from the running server (its look-ups, pick-ups, metrics and log
 * as shipped), against nginx with `secure_link` and one worker over the same files, else against
 * plain node:http. What could not be measured is said on the standard error.
 */
export async function benchBytes({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const world = await seedWorld(
    environment,
    sizes.map(({ size }) => size),
  )
  await using claimcheck = await startServer(environment)
  const objects = join(environment.CLAIMCHECK_DATA, 'objects', 'objects')
  await using plain = await startScript('plain-server.ts', [objects])
  const probe = world.files.get(4096)?.objectKey ?? ''
  const hasNginx = isOnPath('nginx', '-v')
  await using nginx = hasNginx ? await startNginx(folder.path, objects, probe) : null
  if (nginx === null) console.error('nginx is not installed: the goals are held against node:http.')
  const rows: Row[] = []
  for (const measured of sizes) {
    rows.push(await measure(measured, { claimcheck, plain, nginx, world }, quick ? 3 : 7))
  }
  return rows
}

interface Servers {
  readonly claimcheck: BenchProcess
  readonly plain: BenchProcess
  readonly nginx: Nginx | null
  readonly world: World
}

async function measure(
  { name, size, connections, goal }: Measured,
  { claimcheck, plain, nginx, world }: Servers,
  rounds: number,
): Promise<Row> {
  const file = world.files.get(size)
  if (file === undefined) throw new Error(`No file of ${size} bytes was stored.`)
  const inBytes = size > SMALL
  const getting = (pid: number, url: string) => (): Promise<Sample> =>
    sample(pid, { url, connections, inBytes, milliseconds: ROUND_MS })
  const link = secureLink(file.objectKey)
  const samples: Record<string, Sample> = await inTurns<string>(rounds, {
    ours: getting(claimcheck.pid, claimcheck.url + file.target),
    plain: getting(plain.pid, `${plain.url}/${file.objectKey}`),
    ...(!inBytes && { memory: getting(plain.pid, `${plain.url}/memory/${size}`) }),
    ...(nginx !== null && {
      nginx: getting(nginx.pid, nginx.url + link),
      nginxCaching: getting(nginx.pid, nginx.cachingUrl + link),
    }),
  })
  const { ours = nothing, plain: bare = nothing, memory, nginx: theirs } = samples
  const { nginxCaching = nothing } = samples
  const said = inBytes ? saidInBytes : saidInRequests
  const memorySaid = memory === undefined ? '' : `, bytes ready in memory ${said(memory)}`
  const plainSaid = `plain node:http ${said(bare)}${memorySaid}`
  return {
    what: name,
    measured: said(ours),
    against:
      theirs === undefined
        ? plainSaid
        : `nginx ${said(theirs)}, with open_file_cache ${said(nginxCaching)}, ${plainSaid}`,
    ratio: ours.perSecond / (theirs ?? bare).perSecond,
    cost: (theirs ?? bare).cost / ours.cost,
    goal: `≥ ${goal}${theirs === undefined ? ' of nginx, not measured' : ''}`,
  }
}

const nothing: Sample = { perSecond: 0, cost: Number.NaN }

function saidInRequests({ perSecond, cost }: Sample): string {
  return `${Math.round(perSecond)} /s (${cost.toFixed(1)} µs)`
}

/** A gigabyte in so many ms of processor time. */
function saidInBytes({ perSecond, cost }: Sample): string {
  return `${(perSecond / 1e9).toFixed(2)} GB/s (${Math.round(cost * 1e6)} ms/GB)`
}
