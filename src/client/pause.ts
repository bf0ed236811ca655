import type { ClientErrorCode } from './client-error.ts'

/** The client waits before it tries once more what a server refused for now, or what broke off. */
export interface Pause {
  /** What it would end as if it were not tried again: `too_busy`, `unreachable`, … */
  readonly code: ClientErrorCode
  /** What happened. */
  readonly sentence: string
  /** How long it is until the next attempt: as Retry-After says, or as the policy has it. */
  readonly waitMs: number
}
