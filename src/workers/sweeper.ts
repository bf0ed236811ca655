import type { Core } from '../core/core.ts'
import { type SweepReport, sweep } from '../core/sweep.ts'

export interface SweeperOptions {
  /** How often it sweeps. */
  everySeconds: number
  onSwept(report: SweepReport): void
  onError(error: unknown): void
}

export interface Sweeper {
  /** Ends the sweep under way and begins no other. */
  stop(): Promise<void>
}

/** The whole store is looked through for orphans at the start, when a crash may have left some, and then this often. */
const ORPHANS_EVERY_MS = 3600_000

/** Sweeps now and then. On many nodes they may sweep at the same time: it does no harm. */
export function startSweeper(core: Core, options: SweeperOptions): Sweeper {
  const stop = new AbortController()
  let lastOrphans = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()

  async function once(): Promise<void> {
    const orphans = performance.now() - lastOrphans >= ORPHANS_EVERY_MS
    if (orphans) lastOrphans = performance.now()
    try {
      options.onSwept(await sweep(core, { orphans, signal: stop.signal }))
    } catch (error) {
      options.onError(error)
    }
    if (!stop.signal.aborted) timer = setTimeout(begin, options.everySeconds * 1000)
  }

  function begin(): void {
    sweeping = once()
  }

  begin()
  return {
    async stop() {
      stop.abort()
      clearTimeout(timer)
      await sweeping
    },
  }
}
