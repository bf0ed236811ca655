import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Core } from '../core/core.ts'
import { mediaTypeOfName } from '../core/media-type.ts'
import { type StoredBytes, storeBytes } from '../core/stored-files.ts'
import { entriesOf } from '../workers/watch/entries.ts'
import { openFolder } from '../workers/watch/open-regular.ts'
import { readSteady } from '../workers/watch/read-steady.ts'
import { isUnfinishedName } from '../workers/watch/settling.ts'

export interface StoredFolder {
  /** The folder's own name. */
  readonly name: string
  /** In the order of their names. */
  readonly files: readonly { name: string; mediaType: string; bytes: StoredBytes }[]
  /** Removes what was stored, when nothing is to show it. */
  discard(): Promise<void>
}

/**
 * Stores the regular files of a folder; folders inside of it, dot-files, `.part` and `.tmp` are left out.
 * @throws Error when there is no such folder, or for what is no regular file; nothing stays stored then
 */
export async function storeFolder(
  core: Core,
  folder: string,
  prefix: string,
): Promise<StoredFolder> {
  const path = await realpath(folder)
  const files: { name: string; mediaType: string; bytes: StoredBytes }[] = []
  async function discard(): Promise<void> {
    for (const { bytes } of files) await core.store.remove(bytes.objectKey)
  }
  const opened = await openFolder(null, path)
  try {
    for await (const { name, kind } of entriesOf(opened, refuseName)) {
      if (isUnfinishedName(name) || kind === 'folder') continue
      if (kind !== 'file') throw new Error(`"${name}" is no regular file.`)
      const bytes = await storeBytes(core, prefix, readSteady(opened, name, null))
      files.push({ name, mediaType: mediaTypeOfName(name), bytes })
    }
  } catch (error) {
    await discard()
    throw error
  } finally {
    await opened.handle.close()
  }
  files.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { name: basename(path), files, discard }
}

function refuseName(name: string): never {
  throw new Error(`The name of "${name}" is not UTF-8.`)
}
