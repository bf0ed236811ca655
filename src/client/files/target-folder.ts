import { lstat, mkdir, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ClientError } from '../client-error.ts'
import { makeRoot } from './make-root.ts'
import { syncFolder } from './part-file.ts'
import { foldName } from './safe-path.ts'

/** Where files are put: nothing is written outside of it. */
export interface TargetFolder {
  readonly root: string
  /**
   * The place for a safe relative path, its folders made. A link among them is refused: it may lead
   * out.
   * @throws ClientError `unsafe_target`
   */
  place(path: string): Promise<Target>
  /** Makes the names in all folders of places last beyond a crash. */
  sync(): Promise<void>
}

/** A file's place. */
export interface Target {
  /** The full path. */
  readonly path: string
  /** false: there was nothing of that name, so that nobody needs to look. */
  readonly mayExist: boolean
  /** false: no earlier run left a part of it. */
  readonly mayHavePart: boolean
}

/** @param root is made when it is needed, and may itself be a link: the caller named it */
export function createTargetFolder(root: string): TargetFolder {
  const checked = new Map<string, Promise<ReadonlySet<string>>>()
  const check = (folder: string): Promise<ReadonlySet<string>> => {
    const known = checked.get(folder)
    if (known !== undefined) return known
    const names =
      folder === '.'
        ? openRoot(root)
        : check(dirname(folder)).then(() => openFolder(join(root, folder)))
    checked.set(folder, names)
    return names
  }
  return {
    root,
    async place(path) {
      const names = await check(dirname(path))
      const name = foldName(basename(path))
      return {
        path: join(root, path),
        mayExist: names.has(name),
        mayHavePart: names.has(`${name}.part`) || names.has(`${name}.part.json`),
      }
    },
    async sync() {
      for (const folder of checked.keys()) await syncFolder(join(root, folder))
    },
  }
}

/**
 * What is in a folder, read once: to look for each of ten thousand new files cost a tenth of fetching
 * it. Folded, so that a file system's own spelling of a name is found.
 */
async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  return new Set((await readdir(folder)).map(foldName))
}

async function openRoot(root: string): Promise<ReadonlySet<string>> {
  await makeRoot(root)
  return await namesIn(root)
}

async function openFolder(folder: string): Promise<ReadonlySet<string>> {
  try {
    await mkdir(folder)
    return new Set()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await lstat(folder)
  if (found.isDirectory()) return await namesIn(folder)
  throw new ClientError(
    'unsafe_target',
    `${folder} is in the way: it is ${found.isSymbolicLink() ? 'a link' : 'no folder'}.`,
  )
}
