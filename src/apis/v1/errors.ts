import type { DeliveryError, ErrorCode } from '../../core/errors.ts'

/** What this API answers to each refusal: the status, and the title that all of its kind have. */
export const problems = {
  malformed: [400, 'The request cannot be read'],
  invalid: [422, 'The request is not valid'],
  method_not_allowed: [405, 'Method not allowed'],
  unsupported_media_type: [415, 'Media type not taken'],
  too_large: [413, 'Too large'],
  unauthenticated: [401, 'Sign in first'],
  locked_out: [429, 'Too many failed sign-ins'],
  forbidden: [403, 'Not permitted'],
  insufficient_scope: [403, 'The token lacks a scope'],
  // What belongs to somebody else is not even known to exist.
  not_yours: [404, 'Not found'],
  not_found: [404, 'Not found'],
  not_ready: [409, 'Not ready yet'],
  expired: [410, 'Its time is over'],
  conflict: [409, 'Not possible in this state'],
  idempotency_mismatch: [422, 'Idempotency key used for another request'],
  idempotency_running: [409, 'The first request is still running'],
  precondition_failed: [412, 'Precondition failed'],
  limit_reached: [403, 'Limit reached'],
  too_many_requests: [429, 'Too many requests'],
  storage_full: [507, 'Storage full'],
  lease_lost: [409, 'The job is no longer yours'],
  unavailable: [503, 'Unavailable for the moment'],
  internal: [500, 'Internal error'],
} as const satisfies Record<ErrorCode, readonly [status: number, title: string]>

/** One point that is wrong with a request. */
export interface Complaint {
  /** A JSON Pointer. */
  path: string
  problem: string
}

/** RFC 9457. */
export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  code: ErrorCode
  errors?: Complaint[]
  /** Of several files that were asked for, the first that is refused. */
  file?: number
}

/** The same words whether a thing is missing or somebody else's, so that nobody can tell which. */
const nothingHere = 'There is nothing here that you may see.'

/**
 * A refusal of the core as problem details (RFC 9457). What belongs to somebody else is not found.
 */
export function toProblem(error: DeliveryError): ProblemBody {
  const code = error.code === 'not_yours' ? 'not_found' : error.code
  const [status, title] = problems[code]
  const errors = complaintsOf(error)
  const { file } = error.details
  return {
    type: problemType(code),
    title,
    status,
    detail: status === 404 ? nothingHere : error.message,
    code,
    ...(errors === null ? {} : { errors }),
    ...(typeof file === 'number' ? { file } : {}),
  }
}

/** Where a page says what it means; relative to the server. */
export function problemType(code: ErrorCode): string {
  return `/problems/${code.replaceAll('_', '-')}`
}

function complaintsOf({ code, message, details }: DeliveryError): Complaint[] | null {
  if (code !== 'invalid') return null
  if (Array.isArray(details.errors)) return details.errors as Complaint[]
  const { field } = details
  return typeof field === 'string' ? [{ path: `/${snakeToCamel(field)}`, problem: message }] : null
}

/** The core names members as its first API did. */
function snakeToCamel(field: string): string {
  if (field === 'download_type') return 'type'
  return field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
