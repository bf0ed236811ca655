import type { Pause } from '../client/pause.ts'
import { printable } from './printable.ts'

/** A shorter pause is over before its line is read, in ms. */
const leastMs = 1000

/**
 * Says in a line why nothing happens and for how long. Many transfers pause together: what begins
 * while a pause lasts that was told is not told.
 */
export function createPauseNote(
  write: (line: string) => void,
  now: () => number = Date.now,
): (pause: Pause) => void {
  let until = Number.NEGATIVE_INFINITY
  return ({ sentence, waitMs }) => {
    const at = now()
    if (waitMs < leastMs || at < until) return
    until = at + waitMs
    write(`${printable(sentence)} The next attempt is in ${inWords(waitMs)}.`)
  }
}

function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}
