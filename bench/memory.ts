import { requestsPerSecond } from './load.ts'
import { benchEnvironment, startServer, temporaryFolder } from './process.ts'
import { residentMegabytes } from './resident.ts'
import type { Row } from './table.ts'
import { createLoad, pollLoad, seedWorld } from './world.ts'

const ROUND_MS = 2000

/** The memory of the server after a minute of polls, creates and signed GETs, all at once. */
export async function benchMemory({ quick }: { quick: boolean }): Promise<Row[]> {
  await using folder = await temporaryFolder()
  const environment = await benchEnvironment(folder.path)
  const world = await seedWorld(environment, [4096, 1_048_576])
  await using server = await startServer(environment)
  const before = residentMegabytes(server.child.pid ?? 0)
  const shape = { connections: 4, milliseconds: ROUND_MS }
  const gets = [...world.files.values()].map(({ target }) => ({
    ...shape,
    url: server.url + target,
  }))
  const loads = [pollLoad(server.url, world, shape), createLoad(server.url, world, shape), ...gets]
  const until = performance.now() + (quick ? 10_000 : 60_000)
  while (performance.now() < until) await Promise.all(loads.map(requestsPerSecond))
  return [
    {
      what: `resident memory after ${quick ? '10 s' : 'a minute'} of polls, creates and signed GETs`,
      measured: `${residentMegabytes(server.child.pid ?? 0)} MB`,
      against: `${before} MB at the start`,
      ratio: null,
      goal: '< 150 MB',
    },
  ]
}
