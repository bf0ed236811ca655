import type { Core } from '../../core/core.ts'
import { createComplaints } from './complaints.ts'
import type { WatchOptions } from './scan.ts'
import { scanFolder } from './scan-folder.ts'
import { createSettling } from './settling.ts'

export interface WatchedFolder {
  /** Ends the look under way and begins no other. */
  stop(): Promise<void>
}

/** Every so many looks, folders in which nothing seems to have changed are looked into as well. */
const WHOLE_EVERY = 15

/**
 * Publishes what is put into a folder. It looks through the folder now and then, so that it works on
 * network file systems and mounts, from which no events come. It is meant for one node; when two
 * watch the same folder, the second finds what the first has published.
 */
export function startWatchedFolder(core: Core, options: WatchOptions): WatchedFolder {
  const stop = new AbortController()
  const complaints = createComplaints(options.onComplaint)
  const settling = createSettling(options.settleMs, () => performance.now())
  const quiet = new Map<string, bigint>()
  let timer: NodeJS.Timeout | undefined
  let looks = 0
  let looking: Promise<void> = Promise.resolve()

  async function look(): Promise<void> {
    const began = performance.now()
    if (looks % WHOLE_EVERY === 0) quiet.clear()
    looks += 1
    try {
      await scanFolder({ core, options, settling, complaints, quiet, signal: stop.signal })
      complaints.settle('')
    } catch (error) {
      if (!stop.signal.aborted) {
        complaints.say('', `The watched folder ${options.folder} cannot be looked through.`, error)
      }
    }
    settling.turn()
    const took = performance.now() - began
    if (!stop.signal.aborted) timer = setTimeout(begin, Math.max(options.scanMs, took))
  }

  function begin(): void {
    looking = look()
  }

  begin()
  return {
    async stop() {
      stop.abort()
      clearTimeout(timer)
      await looking
    },
  }
}
