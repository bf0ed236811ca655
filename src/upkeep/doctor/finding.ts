/** What a check has found. */
export interface Finding {
  /** Names the check: `database-clock`. */
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail'
  /** What it saw, in a sentence. */
  readonly seen: string
  /** What to do about it; null when it is ok. */
  readonly todo: string | null
}

/** Speaks for one check. */
export function findingsOf(check: string) {
  return {
    ok: (seen: string): Finding => ({ check, verdict: 'ok', seen, todo: null }),
    warn: (seen: string, todo: string): Finding => ({ check, verdict: 'warn', seen, todo }),
    fail: (seen: string, todo: string): Finding => ({ check, verdict: 'fail', seen, todo }),
  }
}

/** A sentence of an error, without its stack. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
