import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { DamagedFile } from '../core/kept-files/copy-files.ts'
import { makeFolder } from '../make-folder.ts'
import { syncFolder } from '../storage/durable-folder.ts'

/** What a backup says of itself. It is written last: a folder without it is no whole backup. */
export interface BackupManifest {
  readonly format: 1
  /** The version of Claimcheck that made it. */
  readonly version: string
  readonly created_at: string
  readonly database: { readonly bytes: number; readonly sha256: string }
  readonly files: number
  /** Of these files, plain. */
  readonly bytes: number
  /** Files whose bytes were gone or wrong when it was made. */
  readonly damaged: readonly DamagedFile[]
  /** The ids of the master keys that its files are wrapped with; the keys themselves are not in it. */
  readonly master_keys: readonly string[]
}

/** The backup's database, in its folder. */
export const databaseName = 'claimcheck.sqlite'
const manifestName = 'claimcheck-backup.json'
const unfinishedName = 'unfinished-backup'

/**
 * Makes a folder ready to take a backup: a new or an empty one, or one in which a backup has stopped.
 * @throws Error with one sentence: it holds a whole backup, or something else
 */
export async function beginBackup(folder: string): Promise<void> {
  makeFolder(folder)
  const names = await readdir(folder)
  if (names.includes(manifestName)) {
    throw new Error(
      `${folder} holds a whole backup, which is never overwritten: name another folder.`,
    )
  }
  if (names.length > 0 && !names.includes(unfinishedName)) {
    throw new Error(`${folder} is not empty and holds no unfinished backup: name another folder.`)
  }
  await writeFile(
    join(folder, unfinishedName),
    'This backup is not whole. The same command goes on where it stopped.\n',
  )
}

/** Says durably that a backup is whole, as its very last step. */
export async function endBackup(folder: string, manifest: BackupManifest): Promise<void> {
  const path = join(folder, manifestName)
  await writeFile(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true })
  await rename(`${path}.new`, path)
  await syncFolder(folder)
  await rm(join(folder, unfinishedName))
}

/** @throws Error with one sentence when the folder holds no whole backup that this version can read */
export async function readBackup(folder: string): Promise<BackupManifest> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new Error(`${folder} cannot be read: is it the folder of a backup?`, { cause })
  })
  if (names.includes(unfinishedName)) {
    throw new Error(`The backup in ${folder} is not whole: run "claimcheck backup" on it again.`)
  }
  if (!names.includes(manifestName)) throw new Error(`${folder} holds no backup of Claimcheck.`)
  const manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as BackupManifest
  if (manifest.format === 1) return manifest
  throw new Error(
    `The backup in ${folder} was made by Claimcheck ${manifest.version}, which is newer than this one.`,
  )
}

/** Makes a file durable, and readable by its owner alone: it holds what passwords are compared with. */
export async function sealFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.chmod(0o600)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** SHA-256 of a file, hex. */
export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal })
  return hash.digest('hex')
}
