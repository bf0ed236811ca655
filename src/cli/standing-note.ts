import type { Snapshot } from '../client/delivery.ts'
import { printable } from './printable.ts'

/** How a delivery stands, in a line: the server's word, how far it is, and what it says. */
export function formatStanding({
  word,
  progress,
  message,
}: Pick<Snapshot, 'word' | 'progress' | 'message'>): string {
  const share = progress === null ? '' : ` ${Math.floor(progress * 100)} %`
  return printable(`${word}${share}${message === null ? '' : `: ${message}`}`)
}

/** While the word is the same a line in so many ms is enough: hours of waiting may go to a log. */
const everyMs = 10_000

/** Says in lines how a delivery stands while it is waited for; its end is the result. */
export function createStandingNote(
  write: (line: string) => void,
  now: () => number = Date.now,
): (snapshot: Snapshot) => void {
  let last = { word: '', line: '', at: Number.NEGATIVE_INFINITY }
  return (snapshot) => {
    if (snapshot.standing !== 'waiting') return
    const [word, line, at] = [snapshot.word, formatStanding(snapshot), now()]
    if (line === last.line || (word === last.word && at < last.at + everyMs)) return
    last = { word, line, at }
    write(line)
  }
}
