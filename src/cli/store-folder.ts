import type { Core } from '../core/core.ts'
import { mediaTypeOfName } from '../core/media-type.ts'
import { type StoredBytes, storeBytes } from '../core/stored-files.ts'
import { readFolder } from './read-folder.ts'

export interface StoredFolder {
  /** The folder's own name. */
  readonly name: string
  /** In the order of their names. */
  readonly files: readonly { name: string; mediaType: string; bytes: StoredBytes }[]
  /** Removes what was stored, when nothing is to show it. */
  discard(): Promise<void>
}

/**
 * Stores the files of a folder, as `readFolder` has them.
 * @throws Error when there is no such folder, or for what cannot be stored; nothing stays stored then
 */
export async function storeFolder(
  core: Core,
  folder: string,
  prefix: string,
): Promise<StoredFolder> {
  const files: { name: string; mediaType: string; bytes: StoredBytes }[] = []
  async function discard(): Promise<void> {
    for (const { bytes } of files) await core.store.remove(bytes.objectKey)
  }
  return await readFolder(folder, async (readable) => {
    try {
      for await (const file of readable.files) {
        const { name } = file
        if (!('bytes' in file)) throw new Error(`"${name}" ${file.problem}`)
        const bytes = await storeBytes(core, prefix, file.bytes)
        files.push({ name, mediaType: mediaTypeOfName(name), bytes })
      }
    } catch (error) {
      await discard()
      throw error
    }
    files.sort((a, b) => (a.name < b.name ? -1 : 1))
    return { name: readable.name, files, discard }
  })
}
