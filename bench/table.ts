/** One line of what the bench prints. */
export interface Row {
  readonly what: string
  readonly measured: string
  /** What it was compared with in the same run. */
  readonly against: string
  /** Ours against theirs, by what is done in a second; null where a figure stands alone. */
  readonly ratio: number | null
  /** The same by the processor time that each costs: theirs against ours. */
  readonly cost?: number
  readonly goal: string
}

export function printTable(rows: readonly Row[]): void {
  console.table(
    rows.map(({ what, measured, against, ratio, cost, goal }) => ({
      what,
      measured,
      against,
      ratio: ratio?.toFixed(2) ?? '',
      'by cost': cost?.toFixed(2) ?? '',
      goal,
    })),
  )
}
