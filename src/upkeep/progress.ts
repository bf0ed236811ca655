/** How far a long piece of work is, for somebody who follows it at the console and may end it. */
export interface Progress {
  /** Aborted when the work is to end. */
  readonly signal: AbortSignal
  /** What it does now, and how much of it is done, from 0 to 1; null where nobody knows. */
  report(doing: string, done: number | null): void
}
