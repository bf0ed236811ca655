import { join } from 'node:path'
import { inTurns, type Sample, sample } from './load.ts'
import { benchEnvironment, startScript, startServer, temporaryFolder } from './process.ts'
import type { Row } from './table.ts'
import { createLoad, pollLoad, seedWorld } from './world.ts'

const CONNECTIONS = 16
const ROUND_MS = 2000

/** Polls against a bare route, and creates. */
export async function benchApi({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = {
    ...(await benchEnvironment(folder.path)),
    // What is created stays waiting: the bench measures the asking, not the making.
    CLAIMCHECK_JOB_CONCURRENCY: '0',
  }
  const world = await seedWorld(environment, [])
  await using server = await startServer(environment)
  const database = join(environment.CLAIMCHECK_DATA, 'claimcheck.sqlite')
  await using bareServer = await startScript('bare-route.ts', [database])
  const shape = { connections: CONNECTIONS, milliseconds: ROUND_MS }
  const { poll, bare, create } = await inTurns(quick ? 3 : 7, {
    poll: () => sample(server.pid, pollLoad(server.url, world, shape)),
    bare: () => sample(bareServer.pid, pollLoad(bareServer.url, world, shape)),
    create: () => sample(server.pid, createLoad(server.url, world, shape)),
  })
  return [
    {
      what: `poll a download, signed in, ${CONNECTIONS} connections`,
      measured: said(poll),
      against: `bare Fastify route with one SQLite look-up ${said(bare)}`,
      ratio: poll.perSecond / bare.perSecond,
      cost: bare.cost / poll.cost,
      goal: '≥ 0.7',
    },
    {
      what: `create a download, on disk before the answer, ${CONNECTIONS} connections`,
      measured: said(create),
      against: '',
      ratio: null,
      goal: '',
    },
  ]
}

function said({ perSecond, cost }: Sample): string {
  return `${Math.round(perSecond)} /s (${cost.toFixed(1)} µs)`
}
