import type { DeliveryError, ErrorCode } from '../../core/errors.ts'

/** What this API answers to each refusal. The document names 403, 404 and 422; the rest is ours. */
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
  // "403 Forbidden if the user isn't the user who created the download"
  not_yours: 403,
  not_found: 404,
  // "404 Not Found if the download doesn't exist or it hasn't finished processing"
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

/** The live system's errors are known to have a member `errors`; the shape of an element is ours. */
export interface ErrorBody {
  errors: { code: ErrorCode; message: string; field?: string }[]
}

/** A refusal of the core as this API answers it. */
export function toError(error: DeliveryError): { status: number; body: ErrorBody } {
  const { field } = error.details
  return {
    status: statuses[error.code],
    body: {
      errors: [
        {
          code: error.code,
          message: error.message,
          ...(typeof field === 'string' ? { field } : {}),
        },
      ],
    },
  }
}
