import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { drainInBatches } from './drain.ts'
import type { JobTable } from './job-tables.ts'

/** So many jobs are put in by one statement. */
const BATCH = 500

/**
 * pg-boss: `fetch` claims, `complete` takes the transaction in which the row is written. Its own loop,
 * `work`, asks twice a second at most.
 */
export async function openPgBoss(url: string, connections: number): Promise<JobTable> {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    supervise: false,
    schedule: false,
  })
  await boss.start()
  await boss.createQueue('bench')
  return {
    async fill(jobs) {
      for (const numbers of batches(jobs)) {
        await boss.insert(
          'bench',
          numbers.map((number) => ({ data: { number } })),
        )
      }
    },
    drain: (concurrency) =>
      drainInBatches(concurrency, {
        take: (batchSize) => boss.fetch<{ number: number }>('bench', { batchSize }),
        complete: (job) =>
          inTransaction(pool, async (client) => {
            const db = {
              executeSql: (text: string, values?: unknown[]) => client.query(text, values),
            }
            await boss.complete('bench', job.id, null, { db })
            await client.query('insert into states (number) values ($1)', [job.data.number])
          }),
      }),
    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: false })
      await pool.end()
    },
  }
}

/**
 * graphile-worker completes a job by itself after its task, in a transaction of its own: the row is
 * written before, by one statement, and twice when the worker dies in between. With its settings for
 * throughput: a local queue, and jobs completed together.
 */
export async function openGraphileWorker(url: string, connections: number): Promise<JobTable> {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  const logger = new Logger(() => () => {})
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  await utils.migrate()
  return {
    async fill(jobs) {
      for (const numbers of batches(jobs)) {
        await utils.addJobs(numbers.map((number) => ({ identifier: 'bench', payload: { number } })))
      }
    },
    async drain(concurrency) {
      const { rows } = await pool.query('select count(*)::int as jobs from graphile_worker.jobs')
      let left = rows[0].jobs
      let done = () => {}
      const empty = new Promise<void>((resolve) => {
        done = resolve
      })
      const runner = await run({
        pgPool: pool,
        logger,
        noHandleSignals: true,
        taskList: {
          bench: async (payload, { query }) => {
            const { number } = payload as { number: number }
            await query('insert into states (number) values ($1)', [number])
            left -= 1
            if (left === 0) done()
          },
        },
        preset: {
          worker: {
            concurrentJobs: concurrency,
            localQueue: { size: concurrency },
            completeJobBatchDelay: 0,
          },
        },
      })
      await empty
      await runner.stop()
    },
    async [Symbol.asyncDispose]() {
      await utils.release()
      await pool.end()
    },
  }
}

function* batches(jobs: number): Generator<number[]> {
  for (let from = 0; from < jobs; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, jobs - from) }, (_, index) => from + index)
  }
}

async function inTransaction(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await work(client)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
