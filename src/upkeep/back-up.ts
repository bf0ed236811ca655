import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Core } from '../core/core.ts'
import type { CopiedFiles } from '../core/kept-files/copy-files.ts'
import { isKept } from '../core/kept-files/kept-files.ts'
import type { Database } from '../database/database.ts'
import { type Installation, openDatabase, openStore } from '../open-installation.ts'
import { packageVersion } from '../package-version.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  type BackupManifest,
  beginBackup,
  databaseName,
  endBackup,
  hashFile,
  sealFile,
} from './backup-folder.ts'
import { copyKept } from './copy-kept.ts'
import type { Progress } from './progress.ts'

/** How often the database is copied anew because files went away behind it. */
const MOST_COPIES = 20

/**
 * Backs up an embedded installation into a folder while it serves. First the files, while the
 * database goes on; then the database as it is at one moment, and the files that have come since. Has
 * one of those been swept away before it was copied, the database is copied once more: what is in the
 * folder in the end is one moment, and every row's bytes are there. The installation notices nothing.
 * An interrupted one goes on where it stopped.
 * @throws Error with one sentence for the operator
 */
export async function backUp(
  { core, settings }: Installation,
  folder: string,
  progress: Progress,
): Promise<BackupManifest> {
  if (core.database.copyTo === undefined) {
    throw new Error(
      'PostgreSQL is backed up by tools of its own, pg_dump or a base backup, and a bucket by its versioning or replication: docs/operating.md says how the two fit together.',
    )
  }
  await beginBackup(folder)
  const store = await openStore({ ...settings, storage: { engine: 'file', path: folder } })
  try {
    const { database, masterKeys } = core
    await copyKept(core.store, { store, masterKeys, database, trust: false }, progress)
    const path = join(folder, databaseName)
    const copied = await copyDatabase({ core, settings }, { store, path: `${path}.new` }, progress)
    await sealFile(`${path}.new`)
    await rename(`${path}.new`, path)
    const { files, bytes, damaged } = copied
    const manifest: BackupManifest = {
      format: 1,
      version: packageVersion(),
      created_at: new Date().toISOString(),
      database: { bytes: (await stat(path)).size, sha256: await hashFile(path, progress.signal) },
      files,
      bytes,
      damaged,
      master_keys: copied.masterKeys,
    }
    await endBackup(folder, manifest)
    return manifest
  } finally {
    await store.close()
  }
}

/** Copies the database until each of its rows has its bytes in the store, or had none to copy. */
async function copyDatabase(
  { core, settings }: Pick<Installation, 'core' | 'settings'>,
  { store, path }: { store: ObjectStore; path: string },
  progress: Progress,
): Promise<CopiedFiles & { masterKeys: string[] }> {
  for (let copies = 1; copies <= MOST_COPIES; copies++) {
    for (const end of ['', '-wal', '-shm']) await rm(path + end, { force: true })
    // Before its first byte: the folder may be one that others can read.
    await writeFile(path, '', { flag: 'wx', mode: 0o600 })
    await core.database.copyTo?.(path, {
      signal: progress.signal,
      onProgress: (done, total) => progress.report('copying the database', done / total),
    })
    const database = await openDatabase({ ...settings, database: { engine: 'sqlite', path } })
    try {
      const { masterKeys } = core
      const copied = await copyKept(
        core.store,
        { store, masterKeys, database, trust: true },
        progress,
      )
      if (!(await hasGone(core, copied))) {
        return { ...copied, masterKeys: await findMasterKeys(database) }
      }
    } finally {
      await database.close()
    }
  }
  throw new Error(
    'Files go away faster than they can be copied: raise CLAIMCHECK_ORPHAN_GRACE_SECONDS, or back up at a quieter time.',
  )
}

/** Has a file been deleted since the database was copied? One that is still there is damaged. */
async function hasGone(core: Core, { damaged }: CopiedFiles): Promise<boolean> {
  for (const { object_key: key } of damaged) {
    if (!(await isKept(core.database.kysely, key))) return true
  }
  return false
}

async function findMasterKeys({ kysely }: Database): Promise<string[]> {
  const rows = await kysely
    .selectFrom('stored_files')
    .select('master_key_id')
    .distinct()
    .where('master_key_id', 'is not', null)
    .execute()
  return rows.flatMap(({ master_key_id: id }) => (id === null ? [] : [id]))
}
