import { mkdir, open, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a folder's list of names to the disk, so that a rename in it outlives a power cut.
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes folders whose names are on the disk, each once in a process. */
export class DurableFolders {
  readonly #root: string
  readonly #made = new Map<string, Promise<void>>()

  /** The root is there already, and is a real path. */
  constructor(root: string) {
    this.#root = root
  }

  /**
   * Resolves when the folder and those above it are there, durably. Also one that was there before
   * is synced: the process that made it may have died before it could.
   * @throws Error when a symbolic link stands in its place.
   */
  async make(folder: string): Promise<void> {
    if (folder === this.#root) return
    const known = this.#made.get(folder)
    if (known !== undefined) return known
    // A bound for the memory only: what is forgotten is made again, which does no harm.
    if (this.#made.size > 50_000) this.#made.clear()
    const making = this.#make(folder)
    this.#made.set(folder, making)
    making.catch(() => this.#made.delete(folder))
    return making
  }

  /** Somebody removed it: the next `make` makes it anew, and those above it if need be. */
  forget(folder: string): void {
    for (let path = folder; path.length > this.#root.length; path = dirname(path)) {
      this.#made.delete(path)
    }
  }

  async #make(folder: string): Promise<void> {
    const parent = dirname(folder)
    await this.make(parent)
    await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await assertReal(folder)
    await syncFolder(parent)
  }
}

/** @throws Error when the path leads elsewhere by a symbolic link, or ENOENT when it is not there. */
export async function assertReal(path: string): Promise<void> {
  const real = await realpath(path)
  if (real === path) return
  throw new Error(
    `${path} is a symbolic link or lies behind one, so it is not touched. Put the real folder there, or mount the other disk on it.`,
  )
}
