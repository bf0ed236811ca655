import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder, and those above it that are not there, for the server's own user only. Nothing
 * happens to one that is there. Node's own `recursive` never comes back (26.10) where a file system
 * answers ENOENT below a folder that is there, as /proc does.
 * @throws Error of the file system
 */
export function makeFolder(path: string): void {
  const folder = resolve(path)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (isFolder(folder)) return
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isMissing || isFolder(dirname(folder))) throw error
    makeFolder(dirname(folder))
    makeFolder(folder)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
