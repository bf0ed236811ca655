import type { DeliveryError, ErrorCode } from '../../core/errors.ts'

/** What this API answers to each refusal. The document names none: all of it is ours. */
const statuses = {
  malformed: 400,
  invalid: 400,
  method_not_allowed: 405,
  unsupported_media_type: 415,
  too_large: 413,
  unauthenticated: 401,
  locked_out: 429,
  // What one may not see is not even known to be there.
  forbidden: 404,
  insufficient_scope: 404,
  not_yours: 404,
  not_found: 404,
  not_ready: 404,
  expired: 404,
  conflict: 409,
  idempotency_mismatch: 422,
  idempotency_running: 409,
  precondition_failed: 412,
  limit_reached: 403,
  too_many_requests: 429,
  storage_full: 507,
  lease_lost: 409,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>

export interface ErrorBody {
  /** For programs. */
  error: string
  /** For people. */
  message: string
}

const nothing: ErrorBody = {
  error: 'not_found',
  message: 'There is no such organization, study, delivery or file, or you may not see it.',
}

/** A refusal of the core as this API answers it. */
export function toError(error: DeliveryError): { status: number; body: ErrorBody } {
  const status = statuses[error.code]
  return { status, body: status === 404 ? nothing : { error: error.code, message: error.message } }
}

/** The document: "This HTTPS endpoint is protected by a BASIC authentication system." RFC 7617 §2.1. */
export const challenge = 'Basic realm="Flux Vision", charset="UTF-8"'
