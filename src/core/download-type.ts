/** A kind of download that customers may ask for. */
export interface DownloadType {
  readonly name: string
  readonly title: string
  readonly description: string
  /** What an account must hold to ask for it and to pick it up. */
  readonly permission: string
  /** How long its files are kept once it is done, in seconds. */
  readonly retentionSeconds: number
  /** JSON Schema of `info`; null when any `info` is taken. */
  readonly infoSchema: Record<string, unknown> | null
  /** A sentence that says what is wrong with an `info`, or null when it is right. */
  readonly checkInfo: (info: unknown) => string | null
  /** `worker` when programs outside produce it. */
  readonly producedBy: 'server' | 'worker'
  readonly maxAttempts: number
}
