import { constants, existsSync } from 'node:fs'
import { copyFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Settings } from '../config.ts'
import { createMasterKeys } from '../core/encryption/master-keys.ts'
import type { CopiedFiles } from '../core/kept-files/copy-files.ts'
import { makeFolder } from '../make-folder.ts'
import { openDatabase, openStore } from '../open-installation.ts'
import { syncFolder } from '../storage/durable-folder.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  type BackupManifest,
  databaseName,
  hashFile,
  readBackup,
  sealFile,
} from './backup-folder.ts'
import { copyKept } from './copy-kept.ts'
import type { Progress } from './progress.ts'

/**
 * Puts a backup where the settings say that database and files belong, which must be empty. The
 * database comes to its place last: before, there is no installation that a server could open. An
 * interrupted one goes on where it stopped.
 * @throws Error with one sentence for the operator
 */
export async function restore(
  settings: Settings,
  folder: string,
  progress: Progress,
): Promise<CopiedFiles> {
  const manifest = await readBackup(folder)
  const path = emptyPlace(settings)
  refuseMissingKeys(settings, manifest)
  progress.report('checking the database', null)
  if ((await hashFile(join(folder, databaseName), progress.signal)) !== manifest.database.sha256) {
    throw new Error(
      `The backup in ${folder} is damaged: its database is not the one that was made.`,
    )
  }
  const from = await openStore({ ...settings, storage: { engine: 'file', path: folder } })
  const to = await openStore(settings)
  try {
    const staged = `${path}.restoring`
    if (!existsSync(staged)) await refuseOthers(to)
    makeFolder(dirname(path))
    for (const end of ['', '-wal', '-shm']) await rm(staged + end, { force: true })
    await copyFile(join(folder, databaseName), staged, constants.COPYFILE_FICLONE)
    const report = await restoreFiles(settings, { staged, from, to }, progress)
    await sealFile(staged)
    await rename(staged, path)
    await syncFolder(dirname(path))
    return report
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

function emptyPlace({ database }: Settings): string {
  if (database.engine !== 'sqlite') {
    throw new Error(
      'A backup is restored as an embedded installation: set CLAIMCHECK_DATABASE_URL to sqlite:…, restore, and then move it with "claimcheck migrate".',
    )
  }
  const path = resolve(database.path)
  const there = ['', '-wal', '-shm'].map((end) => path + end).find((file) => existsSync(file))
  if (there === undefined) return path
  throw new Error(
    `${there} is there already, and nothing is overwritten: name another place with --data, or move it away.`,
  )
}

function refuseMissingKeys({ masterKeys }: Settings, { master_keys: ids }: BackupManifest): void {
  const missing = ids.filter((id) => !masterKeys.some((key) => key.id === id))
  if (missing.length === 0) return
  throw new Error(
    `Files of this backup are encrypted under the master key ${missing.map((id) => `"${id}"`).join(', ')}, which CLAIMCHECK_MASTER_KEYS does not have: bring the keys of that time back first.`,
  )
}

async function refuseOthers(store: ObjectStore): Promise<void> {
  for await (const { key } of store.list('')) {
    throw new Error(
      `The store is not empty (it holds ${key}), and nothing is overwritten: name another with CLAIMCHECK_STORAGE_URL or --data.`,
    )
  }
}

async function restoreFiles(
  settings: Settings,
  { staged, from, to }: { staged: string; from: ObjectStore; to: ObjectStore },
  progress: Progress,
): Promise<CopiedFiles> {
  const database = await openDatabase({ ...settings, database: { engine: 'sqlite', path: staged } })
  try {
    const masterKeys = createMasterKeys(settings.masterKeys)
    return await copyKept(from, { store: to, masterKeys, database, trust: false }, progress)
  } finally {
    await database.close()
  }
}
