/** Says the same thing about the same file once, not at every look. */
export interface Complaints {
  say(about: string, sentence: string, error: unknown): void
  /** It is well now: were it to go wrong again, that would be news. */
  settle(about: string): void
}

/** Beyond so many it forgets, and may repeat itself. */
const MOST = 10_000

/** Complaints of which none was told yet. */
export function createComplaints(tell: (sentence: string, error: unknown) => void): Complaints {
  const said = new Map<string, string>()
  return {
    say(about, sentence, error) {
      const reason = error instanceof Error ? `${sentence} ${error.message}` : sentence
      if (said.get(about) === reason) return
      if (said.size >= MOST) said.clear()
      said.set(about, reason)
      tell(reason, error)
    },
    settle: (about) => void said.delete(about),
  }
}
