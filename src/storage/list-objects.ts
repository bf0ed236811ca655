import type { Dirent } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isAbsent } from './disk-error.ts'
import { assertReal } from './durable-folder.ts'
import { isObjectKey } from './object-key.ts'
import type { ObjectStat } from './object-store.ts'

/**
 * The objects of a folder whose keys begin with the prefix, in constant memory. Symbolic links and
 * files that are not ours are passed over; so is what goes away meanwhile.
 */
export async function* listObjects(folder: string, prefix: string): AsyncGenerator<ObjectStat> {
  if (prefix.startsWith('/') || prefix.includes('//')) return
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  yield* walk(folder, parent, prefix)
}

async function* walk(folder: string, parent: string, prefix: string): AsyncGenerator<ObjectStat> {
  for await (const entry of entriesOf(resolve(folder, `./${parent}`))) {
    const key = parent + entry.name
    if (entry.isDirectory()) {
      if (key.startsWith(prefix) || prefix.startsWith(`${key}/`)) {
        yield* walk(folder, `${key}/`, prefix)
      }
    } else if (entry.isFile() && key.startsWith(prefix) && isObjectKey(key)) {
      const stat = await statOf(join(folder, key), key)
      if (stat !== null) yield stat
    }
  }
}

async function* entriesOf(path: string): AsyncGenerator<Dirent> {
  try {
    await assertReal(path)
    yield* await opendir(path, { bufferSize: 256 })
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
}

async function statOf(path: string, key: string): Promise<ObjectStat | null> {
  try {
    const stat = await lstat(path)
    return { key, size: stat.size, modifiedAt: stat.mtimeMs }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}
