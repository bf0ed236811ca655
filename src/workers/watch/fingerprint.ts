import type { BigIntStats } from 'node:fs'

/** What a look at a file says of it, without reading it. */
export interface Look {
  /** Size, time of the last write and inode: the same as long as nobody writes to it or puts another there. */
  readonly fingerprint: string
  /** The file itself, whatever its name. */
  readonly inode: string
  readonly size: number
  /** Its name or rights changed so long after its last write, in ms, both by the clock of its file system. */
  readonly restedMs: number
}

/** What the file system says of a file, as far as it tells that it has changed. */
export function lookAt(stats: BigIntStats): Look {
  return {
    fingerprint: `${stats.size}-${stats.mtimeNs}-${stats.ino}`,
    // A file system gives the number of a deleted file to the next one.
    inode: `${stats.dev}-${stats.ino}-${stats.birthtimeNs}`,
    size: Number(stats.size),
    restedMs: Number((stats.ctimeNs - stats.mtimeNs) / 1_000_000n),
  }
}
