import { setTimeout as wait } from 'node:timers/promises'
import { inTurns, type Load, requestsPerSecond, type Sample } from './load.ts'
import { type BenchPostgres, startBenchPostgres } from './postgres.ts'
import { type BenchProcess, benchEnvironment, startServer, temporaryFolder } from './process.ts'
import { processorSeconds } from './processor-time.ts'
import type { Row } from './table.ts'
import { createLoad, pollLoad, seedJobs, seedWorld, type World } from './world.ts'

/** Over all nodes of a setup together. */
const CONNECTIONS = 16
const FILES = 10_000
const SMALL = 4096
/** Jobs for each node, beside those that were asked for before: more than it works off in the time. */
const BACKLOG = 1000

interface Setup {
  readonly name: string
  readonly nodes: number
  readonly environment: Record<string, string>
  readonly world: World
}

/** One node on SQLite, and one, two and four on PostgreSQL, each setup with a database of its own. */
export async function benchNodes({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  await using postgres = await startBenchPostgres()
  const setups = await seedSetups(folder.path, postgres)
  const rows = await measureRequests(setups, { postgres, quick })
  for (const setup of setups) rows.push(await measureJobs(setup, quick ? 3000 : 8000))
  return rows
}

async function seedSetups(folder: string, postgres: BenchPostgres | null): Promise<Setup[]> {
  const setups: Setup[] = []
  for (const nodes of postgres === null ? [0] : [0, 1, 2, 4]) {
    const name = nodes === 0 ? 'SQLite, 1 node' : `PostgreSQL, ${nodes} node${nodes > 1 ? 's' : ''}`
    const own: Record<string, string> = await benchEnvironment(folder)
    own.CLAIMCHECK_DATA = `${folder}/data-${nodes}`
    if (postgres !== null && nodes > 0) {
      own.CLAIMCHECK_DATABASE_URL = await postgres.create(`nodes_${nodes}`)
    }
    const world = await seedWorld(own, [SMALL], FILES)
    setups.push({ name, nodes: Math.max(1, nodes), environment: own, world })
  }
  return setups
}

/** What customers ask, in turns of the setups; jobs stay waiting meanwhile. */
async function measureRequests(
  setups: readonly Setup[],
  { postgres, quick }: { postgres: BenchPostgres | null; quick: boolean },
): Promise<Row[]> {
  await using running = new AsyncDisposableStack()
  const nodesOf = new Map<string, BenchProcess[]>()
  for (const setup of setups) {
    const started: BenchProcess[] = []
    for (let node = 0; node < setup.nodes; node += 1) {
      const idle = { ...setup.environment, CLAIMCHECK_JOB_CONCURRENCY: '0' }
      started.push(running.use(await startServer(idle)))
    }
    nodesOf.set(setup.name, started)
  }
  const rows: Row[] = []
  for (const [what, loadOf] of requests) {
    const measures = setups.map(({ name, world }) => [
      name,
      () =>
        sampleNodes(nodesOf.get(name) ?? [], postgres, (url, shape) => loadOf(url, world, shape)),
    ])
    const samples = await inTurns(quick ? 3 : 7, Object.fromEntries(measures), quick ? 1 : 3)
    const alone = samples['PostgreSQL, 1 node']
    for (const { name, nodes } of setups) {
      const sample = samples[name] as Sample
      rows.push({
        what: `${what}, ${name}`,
        measured: `${Math.round(sample.perSecond)} /s (${Math.round(sample.cost)} µs)`,
        against: nodes > 1 ? 'PostgreSQL, 1 node' : '',
        ratio: nodes > 1 && alone !== undefined ? sample.perSecond / alone.perSecond : null,
        ...(nodes > 1 && alone !== undefined ? { cost: alone.cost / sample.cost } : {}),
        goal: '',
      })
    }
  }
  return rows
}

type LoadShape = Pick<Load, 'connections' | 'milliseconds'>

const requests: [string, (url: string, world: World, shape: LoadShape) => Load][] = [
  ['poll', pollLoad],
  ['create', createLoad],
  [
    'listing of 50 files, /v1',
    (url, world, shape) => read(`${url}/v1/deliveries/${world.many?.id}/files`, world, shape),
  ],
  [
    'listing of 50 files, orders API',
    (url, world, shape) =>
      read(
        `${url}/api/v1/rs-order/orders/${world.many?.order}/files/available?size=50`,
        world,
        shape,
      ),
  ],
  [
    'delivery of 4 KiB',
    (url, { files }, shape) => ({ ...shape, url: url + files.get(SMALL)?.target }),
  ],
]

function read(url: string, { token }: World, shape: LoadShape): Load {
  return { ...shape, url, headers: { Authorization: `Bearer ${token}` } }
}

/** All nodes of a setup at once. The processor time is that of the nodes and of PostgreSQL. */
async function sampleNodes(
  nodes: readonly BenchProcess[],
  postgres: BenchPostgres | null,
  loadOf: (url: string, shape: LoadShape) => Load,
): Promise<Sample> {
  const spent = () =>
    [...nodes, ...(postgres === null ? [] : [postgres])].reduce(
      (sum, { pid }) => sum + processorSeconds(pid),
      0,
    )
  const shape = { connections: CONNECTIONS / nodes.length, milliseconds: 1000 }
  const before = spent()
  const rates = await Promise.all(nodes.map(({ url }) => requestsPerSecond(loadOf(url, shape))))
  const perSecond = rates.reduce((sum, rate) => sum + rate, 0)
  return { perSecond, cost: ((spent() - before) * 1e6) / perSecond }
}

/** How fast the nodes, with as many jobs at once as is set by default, work off what waits. */
async function measureJobs(setup: Setup, milliseconds: number): Promise<Row> {
  await using running = new AsyncDisposableStack()
  await seedJobs(setup.environment, BACKLOG * setup.nodes)
  const starting = Array.from({ length: setup.nodes }, () => startServer(setup.environment))
  const nodes = await Promise.all(starting)
  for (const node of nodes) running.use(node)
  const url = nodes[0]?.url ?? ''
  const [before, begun] = [await waitingJobs(url), performance.now()]
  let after = before
  while (after > 0 && performance.now() - begun < milliseconds) {
    await wait(100)
    after = await waitingJobs(url)
  }
  const perSecond = ((before - after) * 1000) / (performance.now() - begun)
  return {
    what: `jobs claimed and completed, each with a file on disk, ${setup.name}`,
    measured: `${Math.round(perSecond)} /s (${before - after} of ${before} that waited)`,
    against: '',
    ratio: null,
    goal: '',
  }
}

async function waitingJobs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = [...text.matchAll(/^claimcheck_jobs\{.*"local".*\} (\d+)$/gm)]
  return lines.reduce((sum, [, count]) => sum + Number(count), 0)
}
