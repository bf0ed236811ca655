import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Settings } from '../../config.ts'
import { type Finding, findingsOf } from './finding.ts'

const GIB = 2 ** 30

/** Is there room where this node writes? */
export async function* checkSpace({ database, storage }: Settings): AsyncGenerator<Finding> {
  const folders = [
    ...(database.engine === 'sqlite' ? [['database-space', dirname(database.path)]] : []),
    ...(storage.engine === 'file' ? [['store-space', storage.path]] : []),
    ['temporary-space', tmpdir()],
  ] as [string, string][]
  for (const [check, folder] of folders) yield await checkFolder(check, existing(resolve(folder)))
}

function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder))
}

async function checkFolder(check: string, folder: string): Promise<Finding> {
  const { ok, warn, fail } = findingsOf(check)
  const { bavail, bsize, blocks, ffree, files } = await statfs(folder)
  const free = bavail * bsize
  const share = blocks === 0 ? 1 : bavail / blocks
  const seen = `${(free / GIB).toFixed(1)} GiB (${Math.floor(share * 100)} %) are free at ${folder}.`
  const todo = 'Make room: without it, what comes in is refused with 507.'
  if (free < 0.1 * GIB) return fail(seen, todo)
  if (free < GIB || share < 0.05) return warn(seen, todo)
  // A file system that has no fixed number of them says 0.
  if (files > 0 && ffree / files < 0.05) return warn(`${ffree} inodes are free at ${folder}.`, todo)
  return ok(seen)
}
