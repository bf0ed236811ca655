/** What a guardian is told, as one message. */
export interface GuardianTask {
  readonly command: string
  readonly args: readonly string[]
  readonly folder: string
  /** What the command reads on its standard input. */
  readonly input: string
  readonly environment: Readonly<Record<string, string>>
  /** Between SIGTERM and SIGKILL. */
  readonly graceMilliseconds: number
}

/** What it tells. The command's output goes over its own, untouched. */
export type GuardianReport =
  | { readonly kind: 'started'; readonly group: number }
  | { readonly kind: 'unstarted'; readonly sentence: string }
  | { readonly kind: 'ended'; readonly code: number | null; readonly signal: string | null }
