import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes the folder that files go to, and those above it that are not there. Node's own `recursive`
 * never comes back (26.10) where a file system answers ENOENT below a folder that is there, as /proc does.
 * @throws what the file system says
 */
export async function makeRoot(path: string): Promise<void> {
  const folder = resolve(path)
  try {
    await mkdir(folder)
  } catch (error) {
    if (await isFolder(folder)) return
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isMissing || (await isFolder(dirname(folder)))) throw error
    await makeRoot(dirname(folder))
    await makeRoot(folder)
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
