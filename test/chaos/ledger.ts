import type { TypeName } from './content.ts'

/** What a customer was told, to be held against what is there afterwards. */
export interface Ticket {
  /** Stands in what was asked for, and makes it one of its kind. */
  readonly tag: string
  readonly type: TypeName
  /** Number of the account. */
  readonly customer: number
  /** Once it was acknowledged. */
  id: string | null
  end: 'done' | 'failed' | null
  files: number
  bytes: number
}

/** Everything that was acknowledged, and when what went wrong. */
export interface Ledger {
  readonly tickets: Ticket[]
  /** `job attempt` of each completion that an outside worker was told of. */
  readonly completions: { number: number; attempt: number }[]
  readonly timeline: string[]
  note(happened: string): void
}

export function createLedger(): Ledger {
  const begun = performance.now()
  const timeline: string[] = []
  return {
    tickets: [],
    completions: [],
    timeline,
    note(happened) {
      timeline.push(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${happened}`)
    },
  }
}
