import type { Clock } from '../../core/clock.ts'

export interface ServerClock {
  readonly now: Clock
  /** Takes a reading: the server's time, and when it was asked for and answered by `performance.now()`. */
  set(time: number, asked: number, answered: number): void
}

/**
 * The server's time on this node. It runs on by the node's steady clock, so that a node whose wall
 * clock is wrong, or is set while it runs, agrees with all others.
 */
export function createServerClock(): ServerClock {
  let offset = 0
  return {
    now: () => Math.floor(performance.now() + offset),
    set(time, asked, answered) {
      // It read its clock somewhere between the two.
      offset = time - (asked + answered) / 2
    },
  }
}
