import { ClientError, type ClientErrorCode } from '../client-error.ts'

/** Something that another attempt may get over. */
export class Setback extends Error {
  override readonly name = 'Setback'
  /** What it is when no attempt gets over it. */
  readonly code: ClientErrorCode
  /** How long the server wants us to wait, in ms; null when it does not say. */
  readonly waitMs: number | null

  constructor(code: ClientErrorCode, sentence: string, waitMs: number | null = null) {
    super(sentence)
    this.code = code
    this.waitMs = waitMs
  }

  asFinal(): ClientError {
    return new ClientError(this.code, this.message, { cause: this })
  }
}

/** What came so far is worth nothing: the file is another one now, or cannot be gone on with. */
export class StartAgain extends Error {
  override readonly name = 'StartAgain'
  readonly why: 'changed' | 'no_ranges' | 'damaged'

  constructor(why: 'changed' | 'no_ranges' | 'damaged', sentence: string) {
    super(sentence)
    this.why = why
  }
}

/** The signed URL is over its time. */
export class LinkExpired extends Error {
  override readonly name = 'LinkExpired'
}
