import type { Writable } from 'node:stream'

/** What a producer is given to make one download. */
export interface ProducerContext {
  /** The download type's name. */
  readonly type: string
  /** The request's `info`, already checked against the type's schema. */
  readonly info: unknown
  /** Who asked. */
  readonly account: {
    readonly id: string
    readonly username: string
    readonly organizationId: string
  }
  /** Aborted when the download is cancelled, the lease is lost or the server stops. */
  readonly signal: AbortSignal
  /** Tells how far it is, from 0 to 1, and what it is doing. Cheap: call it as often as you like. */
  progress(fraction: number, message?: string): void
  /**
   * Opens one file of the download to write to. Nothing of it is visible before the producer has
   * ended well. The names within one download must differ.
   */
  file(name: string, mediaType: string): Writable
}

/** Makes the files of a download. When it rejects, nothing it wrote becomes visible, and the job is tried again. */
export type Producer = (context: ProducerContext) => Promise<void>
