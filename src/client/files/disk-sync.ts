import type { FileHandle } from 'node:fs/promises'

/** Brings a growing file to the disk. */
export interface DiskSync {
  /** So many more bytes are written: now and then, what is there is synced while more comes. */
  wrote(bytes: number): void
  /**
   * Everything that is written by now is on the disk afterwards.
   * @throws what the disk said, now or at any time before: the system says it only once
   */
  sync(): Promise<void>
}

/**
 * The last sync takes as long as what it finds unsynced, and nothing else goes on meanwhile: a quarter
 * of a second for 512 MiB. Each one costs processor time, too: every 64 MiB, a tenth of all.
 */
const syncEveryBytes = 256 * 1024 * 1024

/** Syncs a file that is open for writing; its last sync is for the caller to ask for. */
export function createDiskSync(handle: Pick<FileHandle, 'datasync'>): DiskSync {
  let unsynced = 0
  let isRunning = false
  let last = Promise.resolve()
  const sync = async () => {
    unsynced = 0
    last = last.then(() => handle.datasync())
    await last
  }
  return {
    wrote(bytes) {
      unsynced += bytes
      if (unsynced < syncEveryBytes || isRunning) return
      isRunning = true
      // What it throws, the last one throws again.
      sync()
        .catch(() => {})
        .finally(() => {
          isRunning = false
        })
    },
    sync,
  }
}
