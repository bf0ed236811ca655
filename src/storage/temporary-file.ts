import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BufferPool } from './buffer-pool.ts'
import { fromDiskError } from './disk-error.ts'
import { untilAborted } from './until-aborted.ts'

export interface TemporaryFile {
  readonly path: string
  readonly size: number
}

export interface WriteOptions {
  readonly folder: string
  /** What a person knows the storage by, for the sentence when it is full. */
  readonly root: string
  readonly buffers: BufferPool
  readonly signal: AbortSignal | undefined
}

/**
 * Writes a body to a new file of the folder and brings it to the disk. Nothing is left when it
 * throws, be it the body, the disk or the signal.
 * @throws DeliveryError `storage_full`
 */
export async function writeTemporaryFile(
  body: AsyncIterable<Uint8Array>,
  { folder, root, buffers, signal }: WriteOptions,
): Promise<TemporaryFile> {
  signal?.throwIfAborted()
  const path = join(folder, `${process.pid}-${randomBytes(12).toString('hex')}`)
  // Customers' bytes: nobody but the server's own user reads them.
  const handle = await onDisk(root, open(path, 'wx', 0o600))
  const buffer = buffers.take()
  try {
    const write = (bytes: Uint8Array): Promise<void> => onDisk(root, writeAll(handle, bytes))
    const size = await writeBody(untilAborted(body, signal), buffer, write)
    await onDisk(root, handle.sync())
    await onDisk(root, handle.close())
    return { path, size }
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(path, { force: true })
    throw error
  } finally {
    buffers.give(buffer)
  }
}

/** Gathers small chunks, because rows of CSV come in by the hundred bytes; returns how many bytes there were. */
async function writeBody(
  body: AsyncIterable<Uint8Array>,
  buffer: Buffer,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<number> {
  let size = 0
  let gathered = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (gathered + chunk.byteLength > buffer.byteLength) {
      await write(buffer.subarray(0, gathered))
      gathered = 0
    }
    if (chunk.byteLength >= buffer.byteLength) {
      await write(chunk)
    } else {
      buffer.set(chunk, gathered)
      gathered += chunk.byteLength
    }
  }
  await write(buffer.subarray(0, gathered))
  return size
}

/** Tells errors of the disk from errors of the body. */
async function onDisk<T>(root: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw fromDiskError(error, root)
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done)
    done += bytesWritten
  }
}
