import type { DeliveryError, ErrorCode } from '../../core/errors.ts'

/** What this API answers to each refusal. The document names 401, 403, 404 and 500; the rest is ours. */
const statuses = {
  malformed: 400,
  invalid: 422,
  method_not_allowed: 405,
  unsupported_media_type: 415,
  too_large: 413,
  unauthenticated: 401,
  locked_out: 429,
  forbidden: 403,
  insufficient_scope: 403,
  not_yours: 404,
  not_found: 404,
  // "The system cannot locate the file associated with the given ID."
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

export interface ErrorAnswer {
  status: number
  contentType: string
  body: string | { message: string }
}

/** The document's four answers to the letter; others in the form of its JSON ones. */
export function toError(error: DeliveryError): ErrorAnswer {
  const status = statuses[error.code]
  if (status === 401) return { status, contentType: 'text/plain', body: 'Access Denied' }
  return { status, contentType: 'application/json', body: { message: messageOf(error) } }
}

function messageOf(error: DeliveryError): string {
  switch (error.code) {
    case 'forbidden':
    case 'insufficient_scope':
      return 'Insufficient scope'
    case 'not_found':
    case 'not_yours':
    case 'not_ready':
    case 'expired':
      return 'Reference ID not found. File not found in pending bucket.'
    default:
      return error.message
  }
}
