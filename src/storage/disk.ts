import { randomBytes } from 'node:crypto'
import { lstat, readdir, realpath, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ByteSpan } from '../core/content.ts'
import { makeFolder } from '../make-folder.ts'
import { type BufferPool, createBufferPool } from './buffer-pool.ts'
import { type Descriptor, openDescriptor } from './descriptor.ts'
import { DescriptorCache } from './descriptor-cache.ts'
import { fromDiskError, isAbsent, unusableFolder } from './disk-error.ts'
import { assertReal, DurableFolders, syncFolder } from './durable-folder.ts'
import { listObjects } from './list-objects.ts'
import { assertKeyPrefix, assertObjectKey } from './object-key.ts'
import type { ObjectStat, ObjectStore, WholeObject } from './object-store.ts'
import { assertInside, ReadAtOnce, readFlowing } from './read-span.ts'
import { readWholeFile } from './read-whole-file.ts'
import { writeTemporaryFile } from './temporary-file.ts'

export interface DiskStoreOptions {
  /** How many files stay open between requests; 512 when not given. */
  descriptors?: number
  /** A file that nobody has read for so long is closed, in ms; a minute when not given. */
  idleMilliseconds?: number
  /**
   * Spans up to this many bytes, at most 64 KiB, are read on the main thread; 64 KiB when not given.
   * From the page cache that costs 1 to 10 µs, less than a thread's wake-up. 0 for a folder that lies
   * on a network or a slow disk: nothing is read there then.
   */
  syncReadBytes?: number
}

/** 64 KiB, and the tag that an encrypted chunk of that length has: so one reading gives one chunk. */
const smallBuffer = 64 * 1024 + 16
const largeBuffer = 512 * 1024

/**
 * Opens a folder as an object store: objects lie under `objects/` by their keys, half-written ones
 * in `tmp/`. Both must be on one file system, because a rename makes an object visible.
 * @throws DeliveryError `unavailable` or `storage_full` with a sentence that names the folder.
 */
export async function openDiskStore(
  folder: string,
  options: DiskStoreOptions = {},
): Promise<ObjectStore> {
  const wanted = resolve(folder)
  try {
    makeFolder(wanted)
    await syncFolder(dirname(wanted))
    const root = await realpath(wanted)
    const folders = new DurableFolders(root)
    await folders.make(join(root, 'objects'))
    await folders.make(join(root, 'tmp'))
    return new DiskStore(root, folders, options)
  } catch (error) {
    throw unusableFolder(error, wanted)
  }
}

class DiskStore implements ObjectStore {
  readonly #root: string
  readonly #objects: string
  readonly #temporary: string
  readonly #folders: DurableFolders
  readonly #small: BufferPool
  readonly #large: BufferPool
  readonly #descriptors: DescriptorCache
  readonly #syncReadBytes: number
  readonly readWhole?: (key: string, into: WholeObject) => void

  constructor(root: string, folders: DurableFolders, options: DiskStoreOptions) {
    this.#root = root
    this.#objects = join(root, 'objects')
    this.#temporary = join(root, 'tmp')
    this.#folders = folders
    this.#small = createBufferPool(smallBuffer, 128)
    this.#large = createBufferPool(largeBuffer, 16)
    this.#descriptors = new DescriptorCache((key) => this.#open(key), {
      limit: options.descriptors ?? 512,
      idleMilliseconds: options.idleMilliseconds ?? 60_000,
    })
    this.#syncReadBytes = Math.min(options.syncReadBytes ?? smallBuffer, smallBuffer)
    if (this.#syncReadBytes === smallBuffer) {
      this.readWhole = (key, into) => readWholeFile(this.#pathOf(key), into)
    }
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<{ size: number }> {
    assertObjectKey(key)
    const { path, size } = await writeTemporaryFile(body, {
      folder: this.#temporary,
      root: this.#root,
      buffers: this.#small,
      signal,
    })
    try {
      signal?.throwIfAborted()
      await this.#show(path, key)
    } catch (error) {
      await rm(path, { force: true })
      throw fromDiskError(error, this.#root)
    }
    return { size }
  }

  read(key: string, span: ByteSpan, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    if (span.end - span.start > this.#syncReadBytes) return this.#readFlowing(key, span, signal)
    return new ReadAtOnce(this.#descriptors, this.#small, { key, span, signal })
  }

  async *#readFlowing(
    key: string,
    span: ByteSpan,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted()
    const file = await this.#descriptors.enterOrOpen(key)
    try {
      assertInside(key, span, file)
      yield* readFlowing(file, span, {
        small: this.#small,
        large: this.#large,
        onMainThread: this.#syncReadBytes > 0,
        signal,
      })
    } finally {
      this.#descriptors.leave(file)
    }
  }

  async stat(key: string): Promise<ObjectStat | null> {
    const path = this.#pathOf(key)
    try {
      const stat = await lstat(path)
      if (!stat.isFile()) return null
      await assertReal(path)
      return { key, size: stat.size, modifiedAt: stat.mtimeMs }
    } catch (error) {
      if (isAbsent(error)) return null
      throw error
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key)
    try {
      await assertReal(dirname(path))
      await unlink(path)
    } catch (error) {
      if (!isAbsent(error)) throw error
    } finally {
      this.#descriptors.drop(key)
    }
    await this.#removeEmptyFolders(dirname(path))
  }

  list(prefix: string): AsyncIterable<ObjectStat> {
    assertKeyPrefix(prefix)
    return listObjects(this.#objects, prefix)
  }

  async removeAbandoned(before: number): Promise<number> {
    let removed = 0
    for (const name of await readdir(this.#temporary)) {
      const path = join(this.#temporary, name)
      try {
        const stat = await lstat(path)
        if (!stat.isFile() || stat.mtimeMs >= before) continue
        await unlink(path)
        removed++
      } catch (error) {
        // Its writer has ended in the meantime.
        if (!isAbsent(error)) throw error
      }
    }
    return removed
  }

  async check(): Promise<void> {
    const path = join(this.#temporary, `check-${process.pid}-${randomBytes(6).toString('hex')}`)
    try {
      await assertReal(this.#objects)
      await writeFile(path, 'ok', { flag: 'wx', mode: 0o600 })
    } catch (error) {
      throw unusableFolder(error, this.#root)
    } finally {
      await rm(path, { force: true }).catch(() => {})
    }
  }

  async close(): Promise<void> {
    await this.#descriptors.close()
  }

  #pathOf(key: string): string {
    assertObjectKey(key)
    return join(this.#objects, key)
  }

  async #open(key: string): Promise<Descriptor> {
    try {
      return await openDescriptor(this.#pathOf(key))
    } catch (error) {
      if (!isAbsent(error)) throw error
      throw new Error(`The object ${key} is not in the storage folder ${this.#root}.`, {
        cause: error,
      })
    }
  }

  /** Gives written bytes their name, durably. */
  async #show(path: string, key: string): Promise<void> {
    const target = this.#pathOf(key)
    const parent = dirname(target)
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#folders.make(parent)
        await assertReal(parent)
        await rename(path, target)
        break
      } catch (error) {
        // `remove` has taken a folder away, empty, here in between or in another process: once more.
        if (!isAbsent(error) || attempt === 10) throw error
        this.#folders.forget(parent)
      }
    }
    this.#descriptors.drop(key)
    await syncFolder(parent)
  }

  /** Job folders hold few objects and there are many of them: empty ones go, up to the first that is not. */
  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let path = folder; path !== this.#objects; path = dirname(path)) {
      try {
        await rmdir(path)
      } catch (error) {
        if (!isAbsent(error)) return
      }
      this.#folders.forget(path)
    }
  }
}
