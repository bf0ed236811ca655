import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { entriesOf } from '../workers/watch/entries.ts'
import { type OpenFolder, openFolder } from '../workers/watch/open-regular.ts'
import { readSteady } from '../workers/watch/read-steady.ts'
import { isUnfinishedName } from '../workers/watch/settling.ts'

/** A file of a folder, or what is wrong with it: the end of a sentence that begins with its name. */
export type FolderFile =
  | { readonly name: string; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly name: string; readonly problem: string }

export interface ReadableFolder {
  /** The folder's own name. */
  readonly name: string
  /** In no promised order; each is read before the next one is asked for. */
  readonly files: AsyncIterable<FolderFile>
}

/**
 * Reads the regular files of a folder; folders inside of it, dot-files, `.part` and `.tmp` are left out.
 * @throws Error when there is no such folder; whatever the work throws
 */
export async function readFolder<T>(
  folder: string,
  work: (readable: ReadableFolder) => Promise<T>,
): Promise<T> {
  const path = await realpath(folder)
  const opened = await openFolder(null, path)
  try {
    return await work({ name: basename(path), files: filesOf(opened) })
  } finally {
    await opened.handle.close()
  }
}

async function* filesOf(opened: OpenFolder): AsyncGenerator<FolderFile> {
  const unreadable: string[] = []
  for await (const { name, kind } of entriesOf(opened, (shown) => unreadable.push(shown))) {
    if (isUnfinishedName(name) || kind === 'folder') continue
    if (kind === 'file') yield { name, bytes: readSteady(opened, name, null) }
    else yield { name, problem: 'is no regular file.' }
  }
  for (const name of unreadable) yield { name, problem: 'has a name that is not UTF-8.' }
}
