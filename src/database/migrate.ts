import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Database, Engine } from './database.ts'
import * as foundation from './migrations/0001-foundation.ts'
import * as workFiles from './migrations/0002-work-files.ts'
import * as studies from './migrations/0003-studies.ts'
import * as imports from './migrations/0004-imports.ts'
import * as portOrders from './migrations/0005-port-orders.ts'
import * as orders from './migrations/0006-orders.ts'
import * as archives from './migrations/0007-archives.ts'
import * as endedSessions from './migrations/0008-ended-sessions.ts'
import * as limitedGrants from './migrations/0009-limited-grants.ts'

interface OwnMigration {
  up(db: Kysely<unknown>, engine: Engine): Promise<void>
}

const migrations: Record<string, OwnMigration> = {
  '0001-foundation': foundation,
  '0002-work-files': workFiles,
  '0003-studies': studies,
  '0004-imports': imports,
  '0005-port-orders': portOrders,
  '0006-orders': orders,
  '0007-archives': archives,
  '0008-ended-sessions': endedSessions,
  '0009-limited-grants': limitedGrants,
}

/**
 * Brings the schema up to what this version needs. Nodes that start together do it once.
 * @throws Error with one sentence when the database was made by a newer version.
 */
export async function migrate(database: Database): Promise<void> {
  await refuseNewer(database)
  const migrator = new Migrator({
    db: database.kysely,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(
          Object.entries(migrations).map(([name, { up }]): [string, Migration] => [
            name,
            { up: (db) => up(db, database.engine) },
          ]),
        ),
    },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function refuseNewer(database: Database): Promise<void> {
  const tables = await database.kysely.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return
  const applied = await database.kysely
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  const unknown = applied.find(({ name }) => !(name in migrations))
  if (unknown === undefined) return
  throw new Error(
    `The database was made by a newer version of Claimcheck (it has the step "${unknown.name}"). Install that version, or point CLAIMCHECK_DATABASE_URL at another database.`,
  )
}
