import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { migrate } from '../../src/database/migrate.ts'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { freePort } from '../support/free-port.ts'
import { unprivileged } from '../support/launch-postgres.ts'
import { missing } from '../support/real-proxy.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createEmptyDatabase, noPostgres, testLimits } from '../support/test-database.ts'
import { until } from '../support/until.ts'

describe('PostgreSQL behind PgBouncer', { skip: noPostgres || missing('pgbouncer', '-V') }, () => {
  it('serves two nodes that hear of each other, within the limits of time', async (t) => {
    const url = await startPgBouncer(t, await createEmptyDatabase())
    const [one, other] = await Promise.all([
      openPostgres(url, { ...testLimits, statementSeconds: 1 }),
      openPostgres(url, testLimits),
    ])
    t.after(() => Promise.all([one.close(), other.close()]))
    await migrate(one)
    const heard = new Promise<void>((resolve) => other.signals.subscribe('events', () => resolve()))
    one.signals.notify('events')
    await heard
    const limits = await sql<{ statement: string; idle: string }>`
      select current_setting('statement_timeout') as statement,
        current_setting('idle_in_transaction_session_timeout') as idle`.execute(one.kysely)
    assert.deepEqual(limits.rows, [{ statement: '1s', idle: '1s' }])
    await assert.rejects(sql`select pg_sleep(30)`.execute(one.kysely), { code: 'unavailable' })
  })
})

/** Gives each connection a session of its own, as docs/database.md asks for. */
async function startPgBouncer(t: TestContext, database: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(database)
  const folder = await temporaryFolder(t)
  chmodSync(folder, 0o755)
  const listening = await freePort()
  writeFileSync(join(folder, 'users'), `"${username}" "${password}"\n`)
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(
    settings,
    `[databases]\n* = host=${hostname} port=${port}
[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${listening}\nunix_socket_dir =
auth_type = plain\nauth_file = ${folder}/users\npool_mode = session\n`,
  )
  // It refuses to run as root.
  const child = spawn('pgbouncer', ['-q', settings], { stdio: 'ignore', ...unprivileged() })
  t.after(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const url = `postgres://${username}:${password}@127.0.0.1:${listening}${pathname}`
  await until('PgBouncer takes connections', async () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer has ended with ${child.exitCode}.`)
    const opened = await openPostgres(url, testLimits).catch(() => null)
    await opened?.close()
    return opened !== null
  })
  return url
}
