import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Loaded into a server by `--import`: from a message on it watches its main thread, and answers the
 * next one. The delay of the event loop counts whatever keeps it waiting, other programs on a full
 * machine too; the processor time between two ticks counts only what the thread itself did in one go.
 */
export interface Delays {
  /** In ms. */
  readonly p99: number
  readonly max: number
  /** The longest that the main thread computed without a look at the event loop, in ms of processor time. */
  readonly longestWork: number
}

let finish: (() => Delays) | null = null
process.on('message', () => {
  if (finish === null) {
    finish = watch()
    return
  }
  process.send?.(finish())
  finish = null
})
process.channel?.unref()

function watch(): () => Delays {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let longest = 0
  let before = threadTime()
  const timer = setInterval(() => {
    const now = threadTime()
    longest = Math.max(longest, now - before)
    before = now
  }, 1).unref()
  return () => {
    clearInterval(timer)
    delay.disable()
    return {
      p99: delay.percentile(99) / 1e6,
      max: delay.max / 1e6,
      longestWork: longest,
    }
  }
}

function threadTime(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
