/** Lets somebody follow a long piece of work at the console, and end it. */
export interface Watch {
  readonly signal: AbortSignal
  /** What it does now, and how much of it is done, from 0 to 1; null where nobody knows. */
  onProgress(doing: string, done: number | null): void
}
