import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'

/** An open folder: what is opened below it cannot be led elsewhere by a link that is swapped in. */
export interface OpenFolder {
  readonly path: string
  readonly handle: FileHandle
}

/** It is not what it looked like a moment ago: a link, a pipe, a folder, or another file. */
class NotRegularError extends Error {
  override readonly name = 'NotRegularError'
}

/**
 * Opens a folder, not a link to one.
 * @throws NotRegularError for anything but a folder
 */
export async function openFolder(within: OpenFolder | null, name: string): Promise<OpenFolder> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  const handle = await open(below(within, name), flags).catch(refuseLink)
  return { handle, path: within === null ? name : join(within.path, name) }
}

/**
 * Opens a regular file of a folder, never a link, and without waiting for the other end of a pipe.
 * @throws NotRegularError for anything but a regular file
 */
export async function openRegular(within: OpenFolder | null, name: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(below(within, name), flags).catch(refuseLink)
  try {
    if ((await handle.stat()).isFile()) return handle
    throw new NotRegularError(`"${name}" is not a regular file.`)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * The name below an open folder. Linux opens it relative to the folder that is held, whatever has
 * been put at its path since; elsewhere the path is walked again, and only its last part is guarded.
 */
export function below(within: OpenFolder | null, name: string): string {
  if (within === null) return name
  return process.platform === 'linux'
    ? `/proc/self/fd/${within.handle.fd}/${name}`
    : join(within.path, name)
}

function refuseLink(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EMLINK') {
    throw new NotRegularError('It is a link, or no folder.', { cause: error })
  }
  throw error
}
