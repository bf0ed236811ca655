/** Every reason for which Claimcheck refuses something. Each API says in one table what it answers to each. */
export type ErrorCode =
  /** The request cannot be read at all: not JSON, a NUL byte, a broken form. */
  | 'malformed'
  /** The request can be read but asks for something that is not valid. */
  | 'invalid'
  /** The address is right, what is to be done there is not. */
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'too_large'
  | 'unauthenticated'
  /** Too many failed sign-ins; try again later. */
  | 'locked_out'
  /** The caller lacks the permission. */
  | 'forbidden'
  /** The token is good, but was not given the scope. */
  | 'insufficient_scope'
  /** The thing exists and belongs to somebody else; an API may say 403 or hide it with 404. */
  | 'not_yours'
  | 'not_found'
  /** The thing exists, its file does not yet. */
  | 'not_ready'
  /** The thing was there and its time is over. */
  | 'expired'
  /** The state of the thing does not allow this now. */
  | 'conflict'
  | 'idempotency_mismatch'
  | 'idempotency_running'
  | 'precondition_failed'
  | 'limit_reached'
  | 'too_many_requests'
  | 'storage_full'
  /** The worker that asks no longer holds the job. */
  | 'lease_lost'
  | 'unavailable'
  | 'internal'

export interface DeliveryErrorOptions {
  cause?: unknown
  /** Facts for programs, beside the sentence for people: field names, limits, states. */
  details?: Record<string, unknown>
  /** What customers are told in place of a sentence for operators, which may name hosts, folders and settings. */
  told?: string
}

/** A refusal with a code for programs and a sentence for people. It knows nothing of HTTP. */
export class DeliveryError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  /** The sentence for customers. */
  readonly told: string

  constructor(code: ErrorCode, sentence: string, options: DeliveryErrorOptions = {}) {
    super(sentence, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'DeliveryError'
    this.code = code
    this.details = options.details ?? {}
    this.told = options.told ?? sentence
  }
}
