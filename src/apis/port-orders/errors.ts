import { randomUUID } from 'node:crypto'
import type { DeliveryError, ErrorCode } from '../../core/errors.ts'
import type { Dialect } from './wire.ts'

/** The codes that the source names: 400 401 403 404 405 415 422 429 500 503; 413 is HTTP's own. */
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
  // That it exists is not told.
  not_yours: 404,
  not_found: 404,
  not_ready: 404,
  expired: 404,
  conflict: 422,
  idempotency_mismatch: 422,
  idempotency_running: 422,
  precondition_failed: 422,
  limit_reached: 422,
  too_many_requests: 429,
  storage_full: 503,
  lease_lost: 422,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Resource not found',
  405: 'Method not allowed',
  413: 'Request entity too large',
  415: 'Unsupported media type',
  422: 'Unprocessable entity',
  429: 'Too many requests',
  500: 'Internal server error',
  503: 'Service unavailable',
}

export interface WireErrors {
  errors: {
    detail?: string
    /** The UUID of the request. */
    id?: string
    /** A number, as the source says; a text where JSON:API is kept to (JSON:API 1.1, "Error Objects"). */
    status: number | string
    title?: string
  }[]
}

/** A refusal of the core as this API answers it. */
export function toErrors(
  error: DeliveryError,
  dialect: Dialect,
): { status: number; body: WireErrors } {
  const status = statuses[error.code]
  const detail = error.code === 'not_yours' ? 'No such port order' : error.message
  return { status, body: wireErrors(status, detail, dialect) }
}

/** An error document; the live system's errors have no `id`. */
function wireErrors(status: number, detail: string, dialect: Dialect): WireErrors {
  return {
    errors: [
      {
        detail,
        ...(dialect.profile === 'shipped' ? {} : { id: randomUUID() }),
        status: dialect.strict ? String(status) : status,
        title: titles[status] ?? 'Error',
      },
    ],
  }
}

/** What an address that is none is answered with; the live system tells it in another form. */
export function unknownAddress(dialect: Dialect): WireErrors {
  if (dialect.profile === 'documented' || dialect.strict) {
    return wireErrors(404, 'There is nothing at this address.', dialect)
  }
  return {
    errors: [
      {
        status:
          '404 Not Found: The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
      },
    ],
  }
}
