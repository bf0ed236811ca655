import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { SaveAnswer, SaveTask } from './small-file-saver.ts'

/** A thread of `createSmallFileSaver`: it may wait for the disk, because nobody waits for it. */
parentPort?.on('message', (tasks: readonly SaveTask[]) => {
  parentPort?.postMessage(tasks.map(({ target, bytes }) => save(target, bytes)))
})

/** Reading, too, because to open a pipe for writing alone would wait for a reader. */
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0)

function save(target: string, bytes: Uint8Array): SaveAnswer {
  const part = `${target}.part`
  let file: number | null = null
  try {
    file = openSync(part, flags, 0o666)
    if (!fstatSync(file).isFile())
      return { code: 'ELOOP', syscall: 'open', message: '', path: part }
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
    closeSync(file)
    file = null
    renameSync(part, target)
    return null
  } catch (error) {
    // Where it was refused for want of room, it must not take what is left.
    if (file !== null) rmSync(part, { force: true })
    const { code = '', syscall = '', message } = error as NodeJS.ErrnoException
    return { code, syscall, message, path: part }
  } finally {
    if (file !== null) closeSync(file)
  }
}
