import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Core } from '../../src/core/core.ts'
import type { DownloadType } from '../../src/core/download-type.ts'
import { createMasterKeys } from '../../src/core/encryption/master-keys.ts'
import type { Database } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openPostgres } from '../../src/database/open-postgres.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import { openDiskStore } from '../../src/storage/disk.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { databaseUrlOf, testLimits } from './test-database.ts'

/** A clock that stands still until it is moved. */
export interface TestClock {
  (): number
  /** Moves it on by so many milliseconds. */
  pass(milliseconds: number): void
}

export function createTestClock(start = Date.UTC(2026, 0, 15, 12)): TestClock {
  let now = start
  return Object.assign(() => now, {
    pass: (milliseconds: number) => {
      now += milliseconds
    },
  })
}

export interface TestCore extends Core {
  readonly clock: TestClock
}

/**
 * A core over the engine that the tests run on and a temporary folder, or a store that is given, with a
 * clock of its own; closed with the test.
 */
export async function openTestCore(
  t: Pick<TestContext, 'after'>,
  options: { downloadTypes?: readonly DownloadType[]; store?: ObjectStore } = {},
): Promise<TestCore> {
  const folder = await temporaryFolder(t)
  const clock = createTestClock()
  const database = await openTestDatabase(await databaseUrlOf(folder), clock)
  const store = options.store ?? (await openDiskStore(join(folder, 'objects')))
  t.after(async () => {
    await store.close()
    await database.close()
  })
  return {
    clock,
    database,
    store,
    masterKeys: createMasterKeys([{ id: 'test', secret: randomBytes(32) }]),
    downloadTypes: new Map((options.downloadTypes ?? []).map((type) => [type.name, type])),
    turns: new Map(),
    settings: {
      signedUrlSeconds: 900,
      leaseSeconds: 45,
      jobRetrySeconds: 5,
      orphanGraceSeconds: 3600,
      orderBatchBytes: 100 * 1024 * 1024,
      orderBatchFiles: 5000,
      orderBatchesAtOnce: 2,
      orderMaxFiles: 1_000_000,
      orderSeconds: 604_800,
      encrypt: 'documents',
      maxDocumentBytes: 1_000_000,
      accountUploads: 1000,
      accountUploadBytes: 1024 ** 4,
      accountLinks: 100_000,
      accountManifests: 1000,
      pullMaxBytes: 1024 ** 4,
    },
  }
}

async function openTestDatabase(url: string, now: TestClock): Promise<Database> {
  const path = /^sqlite:(.*)$/.exec(url)?.[1]
  const database =
    path === undefined ? await openPostgres(url, { ...testLimits, now }) : openSqlite(path, { now })
  await migrate(database)
  return database
}
