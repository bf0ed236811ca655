import type { DeliveryError, ErrorCode } from '../../core/errors.ts'

/** What this API answers to each refusal. The document names 403; the rest is REGARDS' own, or ours. */
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
  // "403 Access denied"
  not_yours: 403,
  not_found: 404,
  not_ready: 202,
  expired: 410,
  conflict: 409,
  idempotency_mismatch: 422,
  idempotency_running: 409,
  precondition_failed: 412,
  limit_reached: 409,
  too_many_requests: 429,
  storage_full: 507,
  lease_lost: 409,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>

/** The live system's error body (`ServerErrorResponse`). */
export interface ErrorBody {
  messages: string[]
}

/** A 202 has no body: downloaders take whatever comes for the file. */
export function toError(error: DeliveryError): { status: number; body: ErrorBody | null } {
  const { code } = error.details
  // The live system answers 401, with a code, to what the order's status does not allow.
  if (typeof code === 'string') return { status: 401, body: { messages: [code] } }
  const status = statuses[error.code]
  return { status, body: status === 202 ? null : { messages: [error.message] } }
}

/** `OrderRequestErrorType` of the live system. */
export type ApplyErrorType =
  | 'INVALID_CONTENT'
  | 'FORBIDDEN'
  | 'ORDER_LIMIT_REACHED'
  | 'EMPTY_ORDER'
  | 'INTERNAL_ERROR'

/** An order that was not placed: the live system answers 422 to all of them. */
const refusedOrders: Partial<Record<ErrorCode, [type: ApplyErrorType, documentedStatus: number]>> =
  {
    // "422: Invalid request body"
    invalid: ['INVALID_CONTENT', 422],
    // "403: Access denied"
    forbidden: ['FORBIDDEN', 403],
    insufficient_scope: ['FORBIDDEN', 403],
    // "400: The order could not be created"
    limit_reached: ['ORDER_LIMIT_REACHED', 400],
    not_found: ['EMPTY_ORDER', 400],
  }

/** Why an order was not placed, in the words of the API; null for errors that are not about that. */
export function toApplyError(
  error: DeliveryError,
): { type: ApplyErrorType; documentedStatus: number } | null {
  const known = refusedOrders[error.code]
  return known === undefined ? null : { type: known[0], documentedStatus: known[1] }
}
