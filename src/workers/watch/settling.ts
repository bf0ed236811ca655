import type { Look } from './fingerprint.ts'

/** Knows which files have stood unchanged long enough to be taken. */
export interface Settling {
  /** Is the file whole, as far as one can tell? A name is `ORG/STUDY/DELIVERY/file`. */
  isSettled(name: string, look: Look): boolean
  /** A file under a name that is not published, as `report.csv.part`: renamed later, it is whole. */
  seeUnfinished(inode: string): void
  /** Between looks through the whole folder: what was not seen since is forgotten. */
  turn(): void
}

interface Waiting {
  fingerprint: string
  since: number
}

/**
 * @param settleMs how long a file must stand unchanged
 * @param now a clock that never goes back, in ms
 */
export function createSettling(settleMs: number, now: () => number): Settling {
  let waiting = new Map<string, Waiting>()
  let seen = new Map<string, Waiting>()
  let unfinished = new Set<string>()
  let stillUnfinished = new Set<string>()
  return {
    isSettled(name, look) {
      // Renamed in: it was written to under another name, which was seen here, or so long before its
      // name changed that nobody can be writing to it.
      if (unfinished.has(look.inode) || look.restedMs >= settleMs) return true
      const known = waiting.get(name)
      const same = known?.fingerprint === look.fingerprint
      const entry = same ? known : { fingerprint: look.fingerprint, since: now() }
      seen.set(name, entry)
      return same && now() - entry.since >= settleMs
    },
    seeUnfinished(inode) {
      stillUnfinished.add(inode)
    },
    turn() {
      waiting = seen
      seen = new Map()
      unfinished = stillUnfinished
      stillUnfinished = new Set()
    },
  }
}

/** Names that are not published: dot-files, and what is being written. */
export function isUnfinishedName(name: string): boolean {
  return name.startsWith('.') || /\.(?:part|tmp)$/i.test(name)
}
