import { closeSync, constants, openSync, readSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { WholeObject } from './object-store.ts'

/**
 * Opens, reads and closes a small file on this thread: 10 µs from the page cache, where the way
 * through the thread pool takes 100. Its descriptor is not kept: an archive reads each file once.
 * @throws Error when it is not there, is a symbolic link, lies behind one, or has another size
 */
export function readWholeFile(path: string, { target, at, size }: WholeObject): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    assertRealFolder(dirname(path))
    let done = 0
    // One byte more than there should be: at the end of the file it gives none.
    for (let count = 1; count > 0 && done <= size; done += count) {
      count = readSync(fd, target, at + done, size + 1 - done, done)
    }
    if (done === size) return
  } finally {
    closeSync(fd)
  }
  throw new Error(`${path} has not the ${size} bytes that came in. It has changed or is damaged.`)
}

/** The files of a delivery mostly lie in one folder: it is looked at once in a while, not for each of them. */
const CHECKED_MS = 1000

let checked = { folder: '', at: 0 }

function assertRealFolder(folder: string): void {
  const now = performance.now()
  if (checked.folder === folder && now - checked.at < CHECKED_MS) return
  if (realpathSync.native(folder) !== folder) {
    throw new Error(`${folder} is a symbolic link or lies behind one, so nothing is read there.`)
  }
  checked = { folder, at: now }
}
