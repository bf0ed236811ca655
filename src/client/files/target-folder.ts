import { lstat, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClientError } from '../client-error.ts'

/** Where files are put: nothing is written outside of it. */
export interface TargetFolder {
  readonly root: string
  /**
   * The full path for a safe relative one, its folders made. A link among them is refused: it may
   * lead out.
   * @throws ClientError `unsafe_target`
   */
  place(path: string): Promise<string>
}

/** @param root is made when it is not there, and may itself be a link: the caller named it */
export async function openTargetFolder(root: string): Promise<TargetFolder> {
  await mkdir(root, { recursive: true })
  const checked = new Map<string, Promise<void>>([['.', Promise.resolve()]])
  const check = (folder: string): Promise<void> => {
    const known = checked.get(folder)
    if (known !== undefined) return known
    const made = check(dirname(folder)).then(() => makeFolder(join(root, folder)))
    checked.set(folder, made)
    return made
  }
  return {
    root,
    async place(path) {
      await check(dirname(path))
      return join(root, path)
    },
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
    return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await lstat(folder)
  if (found.isDirectory()) return
  throw new ClientError(
    'unsafe_target',
    `${folder} is in the way: it is ${found.isSymbolicLink() ? 'a link' : 'no folder'}.`,
  )
}
