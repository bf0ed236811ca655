import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Core } from '../../src/core/core.ts'
import type { DownloadType } from '../../src/core/download-type.ts'
import { createMasterKeys } from '../../src/core/encryption/master-keys.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import { openDiskStore } from '../../src/storage/disk.ts'
import { temporaryFolder } from './temporary-folder.ts'

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

/** A core over the embedded engines in a temporary folder, with a clock of its own; closed with the test. */
export async function openTestCore(
  t: Pick<TestContext, 'after'>,
  options: { downloadTypes?: readonly DownloadType[] } = {},
): Promise<TestCore> {
  const folder = await temporaryFolder(t)
  const clock = createTestClock()
  const database = openSqlite(join(folder, 'claimcheck.sqlite'), { now: clock })
  await migrate(database)
  const store = await openDiskStore(join(folder, 'objects'))
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
    },
  }
}
