/** One line of what the bench prints. */
export interface Row {
  readonly what: string
  readonly measured: string
  /** What it was compared with in the same run. */
  readonly against: string
  /** Ours against theirs; null where a figure stands alone. */
  readonly ratio: number | null
  readonly goal: string
}

export function printTable(rows: readonly Row[]): void {
  console.table(
    rows.map((row) => ({ ...row, ratio: row.ratio === null ? '' : row.ratio.toFixed(2) })),
  )
}
