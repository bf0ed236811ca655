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
import * as manyNodes from './migrations/0010-many-nodes.ts'
import * as manifests from './migrations/0011-manifests.ts'
import * as uploads from './migrations/0012-uploads.ts'
import * as usage from './migrations/0013-usage.ts'
import * as places from './migrations/0014-places.ts'
import * as archiveDigests from './migrations/0015-archive-digests.ts'
import * as turns from './migrations/0016-turns.ts'
import * as archivePermissions from './migrations/0017-archive-permissions.ts'
import type { Tables } from './tables.ts'

export interface SchemaStep {
  up(db: Kysely<unknown>, engine: Engine): Promise<void>
  /**
   * The oldest step that a node must know to work with the schema after this one. A step that only adds
   * says nothing here; one that takes away comes a release after the last version that uses it.
   */
  readonly oldest?: number
}

/** By name, which begins with the number of the step. */
export type SchemaSteps = Readonly<Record<string, SchemaStep>>

/** All steps, in their order; a name that was released never changes. */
export const schemaSteps: SchemaSteps = {
  '0001-foundation': foundation,
  '0002-work-files': workFiles,
  '0003-studies': studies,
  '0004-imports': imports,
  '0005-port-orders': portOrders,
  '0006-orders': orders,
  '0007-archives': archives,
  '0008-ended-sessions': endedSessions,
  '0009-limited-grants': limitedGrants,
  '0010-many-nodes': manyNodes,
  '0011-manifests': manifests,
  '0012-uploads': uploads,
  '0013-usage': usage,
  '0014-places': places,
  '0015-archive-digests': archiveDigests,
  '0016-turns': turns,
  '0017-archive-permissions': archivePermissions,
}

/** What the database says of itself. */
interface Schema {
  /** The newest step that was done; 0 for none. */
  version: number
  /** The oldest version whose nodes can still work with it. */
  oldest: number
}

/**
 * Brings the schema up to what this version needs, once, however many nodes start together. A newer
 * schema is left as it is and used, as long as it says that this version can.
 * @param steps all that this version knows
 * @throws Error with one sentence when the database was made by a version that is too new
 */
export async function migrate(database: Database, steps = schemaSteps): Promise<void> {
  const known = newest(steps)
  if (isThere(await readSchema(database.kysely), known)) return
  await database.alone(async (db) => {
    // Another node may have done it meanwhile.
    if (isThere(await readSchema(db), known)) return
    const { error } = await new Migrator({
      db,
      provider: { getMigrations: async () => asMigrations(steps, database.engine) },
    }).migrateToLatest()
    if (error !== undefined) throw error
    await writeSchema(db, {
      version: known,
      oldest: Math.max(...Object.values(steps).map((step) => step.oldest ?? 0)),
    })
  })
}

/** How a database's schema stands to what this version knows; nothing is changed. */
export async function compareSchema(
  database: Database,
): Promise<{ version: number; oldest: number; known: number }> {
  return { ...(await readSchema(database.kysely)), known: newest(schemaSteps) }
}

function newest(steps: SchemaSteps): number {
  return Math.max(...Object.keys(steps).map((name) => Number.parseInt(name, 10)))
}

function isThere({ version, oldest }: Schema, known: number): boolean {
  if (oldest > known) {
    throw new Error(
      `The database was made by a newer version of Claimcheck (its schema is ${version} and needs at least ${oldest}; this version knows ${known}). Install that version, or point CLAIMCHECK_DATABASE_URL at another database.`,
    )
  }
  return version >= known
}

function asMigrations(steps: SchemaSteps, engine: Engine): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(steps).map(([name, { up }]) => [name, { up: (db) => up(db, engine) }]),
  )
}

/** Tables that no operation of the core uses. */
type OwnTables = {
  kysely_migration: { name: string }
  schema_version: Schema
}

async function readSchema(db: Kysely<Tables>): Promise<Schema> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const has = (name: string) => tables.some((table) => table.name === name)
  const own = db.withTables<OwnTables>()
  if (has('schema_version')) {
    return await own.selectFrom('schema_version').selectAll().executeTakeFirstOrThrow()
  }
  if (!has('kysely_migration')) return { version: 0, oldest: 0 }
  // Made before the schema said its version.
  const applied = await own.selectFrom('kysely_migration').select('name').execute()
  const version = Math.max(0, ...applied.map(({ name }) => Number.parseInt(name, 10)))
  return { version, oldest: version }
}

async function writeSchema(db: Kysely<Tables>, schema: Schema): Promise<void> {
  const own = db.withTables<OwnTables>()
  await own.deleteFrom('schema_version').execute()
  await own.insertInto('schema_version').values(schema).execute()
}
