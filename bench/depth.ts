import { inTurns } from './load.ts'
import type { ManyFiles } from './many-files.ts'
import { startBenchPostgres } from './postgres.ts'
import { benchEnvironment, startServer, temporaryFolder } from './process.ts'
import { processorSeconds } from './processor-time.ts'
import type { Row } from './table.ts'
import { seedWorld } from './world.ts'

const PAGE = 50
/** So far before the last file the deep page begins, and so many files there are when nothing is said. */
const [FROM_THE_END, FILES] = [1000, 1_000_000]
const REQUESTS = 20

/**
 * A page deep in an order of many files against the first one, on PostgreSQL: by cursor, and by page
 * and size. `CLAIMCHECK_BENCH_FILES=10000000` takes that many files.
 */
export async function benchDepth({ quick }: { quick: boolean }): Promise<Row[]> {
  await using postgres = await startBenchPostgres()
  if (postgres === null) return []
  await using folder = await temporaryFolder()
  const environment = {
    ...(await benchEnvironment(folder.path)),
    CLAIMCHECK_DATABASE_URL: await postgres.create('depth'),
    CLAIMCHECK_DATABASE_STATEMENT_SECONDS: '3600',
    CLAIMCHECK_JOB_CONCURRENCY: '0',
  }
  const files = Number(process.env.CLAIMCHECK_BENCH_FILES ?? FILES)
  const begun = performance.now()
  const { token, many } = await seedWorld(environment, [], files)
  console.log(`${files} files put in within ${Math.round((performance.now() - begun) / 1000)} s`)
  if (many === null) return []
  await using server = await startServer(environment)
  const rows: Row[] = []
  for (const [name, pathOf] of listings) {
    const pages = (depth: number) => async () => {
      const url = server.url + pathOf(many, depth)
      const before = processorSeconds(process.pid)
      const times: number[] = []
      for (let request = 0; request < REQUESTS; request += 1) times.push(await ask(url, token))
      const spent = processorSeconds(process.pid) - before
      const time = times.sort((a, b) => a - b)[REQUESTS / 2] ?? Number.NaN
      return { perSecond: 1000 / time, cost: (spent * 1e6) / REQUESTS }
    }
    const depth = files - FROM_THE_END
    const { first, deep } = await inTurns(
      quick ? 5 : 15,
      { first: pages(0), deep: pages(depth) },
      2,
    )
    rows.push({
      what: `a page of ${PAGE} at depth ${depth} of ${files} files, ${name}`,
      measured: `${(1000 / deep.perSecond).toFixed(1)} ms`,
      against: `the first page: ${(1000 / first.perSecond).toFixed(1)} ms`,
      ratio: deep.perSecond / first.perSecond,
      cost: first.cost / deep.cost,
      goal: '≥ 0.5',
    })
  }
  return rows
}

const orders = '/api/v1/rs-order/orders'

const listings: [string, (many: ManyFiles, depth: number) => string][] = [
  [
    '/v1 by cursor',
    ({ id, firstFile }, depth) => {
      const cursor = Buffer.from(String(firstFile + depth - 1)).toString('base64url')
      return `/v1/deliveries/${id}/files?limit=${PAGE}&cursor=${cursor}`
    },
  ],
  [
    'orders API, available files by page and size',
    ({ order }, depth) => `${orders}/${order}/files/available?page=${depth / PAGE}&size=${PAGE}`,
  ],
  [
    "orders API, a dataset's files by page and size",
    ({ order, dataset }, depth) =>
      `${orders}/${order}/dataset/${dataset}/files?page=${depth / PAGE}&size=${PAGE}`,
  ],
]

/** How long a full page takes, in ms. */
async function ask(url: string, token: string): Promise<number> {
  const begun = performance.now()
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  const milliseconds = performance.now() - begun
  const { items, content } = JSON.parse(text)
  const length = (items ?? content)?.length
  if (length !== PAGE) throw new Error(`${url} answers ${response.status} with ${length} files.`)
  return milliseconds
}
