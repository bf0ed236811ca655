import { type JobTable, openOurs } from './job-tables.ts'
import { inTurns, type Sample } from './load.ts'
import { openGraphileWorker, openPgBoss } from './peer-job-tables.ts'
import { type BenchPostgres, startBenchPostgres, withClient } from './postgres.ts'
import { benchEnvironment, temporaryFolder } from './process.ts'
import { processorSeconds } from './processor-time.ts'
import type { Row } from './table.ts'

const CONCURRENCY = 8
const CONNECTIONS = 8

/**
 * Jobs that are claimed and completed with a row of domain state, against graphile-worker and pg-boss on
 * the same PostgreSQL: as many at once, over as many connections, from one process.
 */
export async function benchJobs({ quick }: { quick: boolean }): Promise<Row[]> {
  await using postgres = await startBenchPostgres()
  if (postgres === null) return []
  await using folder = await temporaryFolder()
  const environment = {
    ...(await benchEnvironment(folder.path)),
    CLAIMCHECK_DATABASE_URL: await createDatabase(postgres, 'ours'),
    CLAIMCHECK_DATABASE_CONNECTIONS: String(CONNECTIONS),
  }
  await using ours = await openOurs(environment)
  await using boss = await openPgBoss(await createDatabase(postgres, 'boss'), CONNECTIONS)
  const graphileUrl = await createDatabase(postgres, 'graphile')
  await using graphile = await openGraphileWorker(graphileUrl, CONNECTIONS)
  const jobs = quick ? 1000 : 3000
  const measure = (table: JobTable) => () => drain(table, jobs)
  const samples = await inTurns(
    quick ? 5 : 9,
    { ours: measure(ours), boss: measure(boss), graphile: measure(graphile) },
    2,
  )
  const what = `claim and complete a job with a row of domain state, ${CONCURRENCY} at once, PostgreSQL ${postgres.version}`
  return [
    compare(`${what}, in the same transaction`, 'pg-boss', samples.ours, samples.boss),
    {
      ...compare(what, 'graphile-worker', samples.ours, samples.graphile),
      goal: 'its row is in a transaction of its own',
    },
  ]
}

function compare(what: string, peer: string, ours: Sample, theirs: Sample): Row {
  return {
    what,
    measured: said(ours),
    against: `${peer}: ${said(theirs)}`,
    ratio: ours.perSecond / theirs.perSecond,
    cost: theirs.cost / ours.cost,
    goal: '≥ 1.0',
  }
}

function said({ perSecond, cost }: Sample): string {
  return `${Math.round(perSecond)} /s (${Math.round(cost)} µs)`
}

async function createDatabase(postgres: BenchPostgres, name: string): Promise<string> {
  const url = await postgres.create(name)
  await withClient(url, (client) => client.query('create table states (number bigint not null)'))
  return url
}

/** The processor time is that of this process and of PostgreSQL, which is one of its children's. */
async function drain(table: JobTable, jobs: number): Promise<Sample> {
  await table.fill(jobs)
  const before = processorSeconds(process.pid)
  const begun = performance.now()
  await table.drain(CONCURRENCY)
  const seconds = (performance.now() - begun) / 1000
  const spent = processorSeconds(process.pid) - before
  return { perSecond: jobs / seconds, cost: (spent * 1e6) / jobs }
}
