import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Database } from '../../src/database/database.ts'
import { migrate, type SchemaStep, schemaSteps } from '../../src/database/migrate.ts'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createEmptyDatabase, noPostgres, testLimits } from '../support/test-database.ts'

const engines: [string, string | false, (t: TestContext) => Promise<() => Promise<Database>>][] = [
  [
    'SQLite',
    false,
    async (t) => {
      const path = join(await temporaryFolder(t), 'claimcheck.sqlite')
      return async () => openSqlite(path)
    },
  ],
  [
    'PostgreSQL',
    noPostgres,
    async () => {
      const url = await createEmptyDatabase()
      return () => openPostgres(url, testLimits)
    },
  ],
]

for (const [name, skip, setUp] of engines) {
  describe(`migrate() on ${name}`, { skip }, () => {
    /** Nodes of a new database, as many as are asked for. */
    async function open(t: TestContext): Promise<() => Promise<Database>> {
      const openOne = await setUp(t)
      return async () => {
        const database = await openOne()
        t.after(() => database.close())
        return database
      }
    }

    // Of SQLite there is one node: two connections of one process would wait for each other.
    const count = name === 'SQLite' ? 1 : 10
    it(`is done once when ${count} start together`, async (t) => {
      const openNode = await open(t)
      const nodes = await Promise.all(Array.from({ length: count }, openNode))
      await Promise.all(nodes.map((node) => migrate(node)))
      const [first] = nodes
      assert.ok(first !== undefined)
      assert.deepEqual(await stepsOf(first), Object.keys(schemaSteps))
      assert.deepEqual(await versionOf(first), [newest, oldest])
    })

    it('lets the last version work on, and start, while and after the next one adds to the schema', async (t) => {
      const openNode = await open(t)
      const old = await openNode()
      await migrate(old)
      const reached = Promise.withResolvers<void>()
      const go = Promise.withResolvers<void>()
      const adds: SchemaStep = {
        async up(db) {
          await db.schema.createTable('additions').addColumn('id', 'text').execute()
          reached.resolve()
          await go.promise
        },
      }
      const next = await openNode()
      const migrating = migrate(next, { ...schemaSteps, [`${newest + 1}-adds`]: adds })
      await reached.promise
      // SQLite has one writer: who starts now waits, as every change does.
      if (old.engine === 'postgres') {
        await migrate(await openNode())
        await insertOrganization(old, 'meanwhile')
      }
      go.resolve()
      await migrating
      await migrate(await openNode())
      await insertOrganization(old, 'after')
      assert.deepEqual(await versionOf(old), [newest + 1, oldest])
    })

    it('refuses only a version that the schema says it is too new for', async (t) => {
      const openNode = await open(t)
      const old = await openNode()
      await migrate(old)
      const takesAway: SchemaStep = {
        oldest: newest + 1,
        up: (db) => db.schema.dropTable('ended_sessions').execute(),
      }
      const steps = { ...schemaSteps, [`${newest + 1}-takes-away`]: takesAway }
      await migrate(await openNode(), steps)
      await migrate(await openNode(), steps)
      await assert.rejects(
        migrate(await openNode()),
        new RegExp(
          `newer version of Claimcheck .* needs at least ${newest + 1}; this .* ${newest}\\)`,
        ),
      )
    })

    it('takes a database up that was made before the schema said its version', async (t) => {
      const openNode = await open(t)
      const database = await openNode()
      const before = Object.entries(schemaSteps).slice(0, 8)
      const migrations = Object.fromEntries(
        before.map(([name, { up }]) => [
          name,
          { up: (db: Kysely<unknown>) => up(db, database.engine) },
        ]),
      )
      await database.alone(async (db) => {
        const provider = { getMigrations: async () => migrations }
        assert.ifError((await new Migrator({ db, provider }).migrateToLatest()).error)
      })
      await migrate(database)
      assert.deepEqual(await stepsOf(database), Object.keys(schemaSteps))
      assert.deepEqual(await versionOf(database), [newest, oldest])
    })

    it('leaves nothing of a step that fails', async (t) => {
      const openNode = await open(t)
      const database = await openNode()
      await migrate(database)
      const fails: SchemaStep = {
        async up(db) {
          await db.schema.createTable('halves').addColumn('id', 'text').execute()
          throw new Error('in the middle')
        },
      }
      await assert.rejects(
        migrate(database, { ...schemaSteps, [`${newest + 1}-fails`]: fails }),
        /in the middle/,
      )
      const tables = await database.kysely.introspection.getTables()
      assert.equal(
        tables.some((table) => table.name === 'halves'),
        false,
      )
      assert.deepEqual(await versionOf(database), [newest, oldest])
    })
  })
}

const oldest = Math.max(...Object.values(schemaSteps).map((step: SchemaStep) => step.oldest ?? 0))
const newest = Math.max(...Object.keys(schemaSteps).map((name) => Number.parseInt(name, 10)))

async function stepsOf(database: Database): Promise<string[]> {
  const rows = await database.kysely
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}

async function versionOf(database: Database): Promise<[version: number, oldest: number]> {
  const rows = await database.kysely
    .withTables<{ schema_version: { version: number; oldest: number } }>()
    .selectFrom('schema_version')
    .selectAll()
    .execute()
  assert.equal(rows.length, 1)
  return [rows[0]?.version ?? 0, rows[0]?.oldest ?? 0]
}

async function insertOrganization(database: Database, code: string): Promise<void> {
  await database.transaction((db) =>
    db.insertInto('organizations').values({ id: code, code, name: code, created_at: 0 }).execute(),
  )
}
