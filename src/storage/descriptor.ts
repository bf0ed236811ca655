import { close, constants, fstat, open, read, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { assertReal } from './durable-folder.ts'

/** An open file that is only read. */
export interface Descriptor {
  readonly fd: number
  /** Of the file when it was opened; objects never change afterwards. */
  readonly size: number
}

const openFile = promisify(open)
const closeFile = promisify(close)
const statFile = promisify(fstat)

/**
 * Opens a regular file to read from it. The path is a real one: no symbolic link is followed,
 * neither in its last part nor before.
 */
export async function openDescriptor(path: string): Promise<Descriptor> {
  const fd = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    await assertReal(path)
    const stat = await statFile(fd)
    if (!stat.isFile()) throw new Error(`${path} is no file.`)
    return { fd, size: stat.size }
  } catch (error) {
    await closeFile(fd)
    throw error
  }
}

/** Fills the first `length` bytes of the buffer from the position. @throws Error when the file ends before. */
export function fillSync(file: Descriptor, buffer: Buffer, length: number, position: number): void {
  let done = 0
  while (done < length) {
    const count = readSync(file.fd, buffer, done, length - done, position + done)
    if (count === 0) throw endedEarly(position + done)
    done += count
  }
}

/** As `fillSync`, on a thread of libuv's pool. */
export function fill(
  file: Descriptor,
  buffer: Buffer,
  length: number,
  position: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const from = (done: number): void => {
      read(file.fd, buffer, done, length - done, position + done, (error, count) => {
        if (error !== null) reject(error)
        else if (done + count === length) resolve()
        else if (count === 0) reject(endedEarly(position + done))
        else from(done + count)
      })
    }
    from(0)
  })
}

function endedEarly(position: number): Error {
  return new Error(`The file ended at byte ${position}, before what was asked of it.`)
}
