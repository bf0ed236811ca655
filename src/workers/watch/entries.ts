import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { below, type OpenFolder } from './open-regular.ts'

export interface FolderEntry {
  name: string
  kind: 'file' | 'folder' | 'link' | 'other'
}

/**
 * What stands in a folder, a few at a time, in no promised order. A name that is no UTF-8 is told to
 * `onUnreadable` and passed over: it could not be shown to anybody.
 */
export async function* entriesOf(
  folder: OpenFolder,
  onUnreadable: (shown: string) => void,
): AsyncGenerator<FolderEntry> {
  // The types of Node say that names are strings; with this encoding they are bytes.
  const entries = await opendir(below(folder, '.'), { encoding: 'buffer' as BufferEncoding })
  for await (const entry of entries as AsyncIterable<unknown> as AsyncIterable<Dirent<Buffer>>) {
    const name = entry.name.toString()
    if (isUtf8(entry.name)) yield { name, kind: kindOf(entry) }
    else onUnreadable(name)
  }
}

function kindOf(entry: Dirent<Buffer>): FolderEntry['kind'] {
  if (entry.isSymbolicLink()) return 'link'
  if (entry.isDirectory()) return 'folder'
  return entry.isFile() ? 'file' : 'other'
}
