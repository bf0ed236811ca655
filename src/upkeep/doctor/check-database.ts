import { sql } from 'kysely'
import type { Settings } from '../../config.ts'
import type { Database } from '../../database/database.ts'
import { frozenFor } from '../../database/freeze.ts'
import { compareSchema } from '../../database/migrate.ts'
import { findUnfinishedMove } from '../../database/unfinished-move.ts'
import { type Finding, findingsOf } from './finding.ts'

/** Beyond it, times in logs and of files are hard to compare, in ms. */
const SKEW_MS = 2000

/** What there is to say of the database: version, schema, clock, and a move that has not ended. */
export async function* checkDatabase(
  database: Database,
  settings: Settings,
): AsyncGenerator<Finding> {
  yield await checkVersion(database, settings)
  yield await checkSchema(database)
  if (database.engine === 'postgres') yield checkClock(database)
  yield* await checkMove(database)
}

async function checkVersion(database: Database, settings: Settings): Promise<Finding> {
  const { ok, warn, fail } = findingsOf('database')
  if (database.engine === 'sqlite') {
    const { rows } = await sql<{ version: string }>`
      select sqlite_version() as version`.execute(database.kysely)
    return ok(`SQLite ${rows[0]?.version} answers.`)
  }
  const { rows } = await sql<{ version: number; most: number; used: number }>`
    select current_setting('server_version_num')::int as version,
      current_setting('max_connections')::int as most,
      (select count(*) from pg_stat_activity) as used`.execute(database.kysely)
  const { version = 0, most = 0, used = 0 } = rows[0] ?? {}
  const seen = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000} answers; ${used} of ${most} connections are in use.`
  if (version < 140_000) return fail(seen, 'Claimcheck needs PostgreSQL 14 or newer: upgrade it.')
  const own = settings.databaseConnections + 1
  if (own <= most - used) return ok(seen)
  return warn(
    seen,
    `A node takes up to ${own}: raise max_connections, or lower CLAIMCHECK_DATABASE_CONNECTIONS.`,
  )
}

async function checkSchema(database: Database): Promise<Finding> {
  const { ok, warn, fail } = findingsOf('database-schema')
  const { version, oldest, known } = await compareSchema(database)
  if (oldest > known) {
    return fail(
      `It is of a newer version (${version}; this one knows ${known}).`,
      'Install the newer version here, too.',
    )
  }
  if (version > known) {
    return ok(`It is of a newer version (${version}; this one knows ${known}), which it can use.`)
  }
  if (version === known) return ok(`It is up to date (${known}).`)
  return warn(
    `${known - version} steps are pending (${version} of ${known}).`,
    'The first server of this version that starts takes them; older ones go on meanwhile.',
  )
}

function checkClock(database: Database): Finding {
  const { ok, warn } = findingsOf('database-clock')
  const skew = database.now() - Date.now()
  const seen = `The database's clock is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead of'} this node's.`
  if (Math.abs(skew) <= SKEW_MS) return ok(seen)
  return warn(seen, 'Leases and expiries keep to the database; let NTP set both for the logs.')
}

async function checkMove(database: Database): Promise<Finding[]> {
  const { warn, fail } = findingsOf('database-move')
  if ((await findUnfinishedMove(database)) !== null) {
    return [fail('A move has begun to fill it.', 'Let "claimcheck migrate" come to its end.')]
  }
  if (database.engine === 'postgres' || (await frozenFor(database.kysely)) === null) return []
  return [
    warn(
      'It was moved, and takes no changes any more.',
      'Use the new one; "claimcheck migrate --cancel" gives the move up.',
    ),
  ]
}
