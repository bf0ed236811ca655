import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { DeliveryError, type ErrorCode } from '../core/errors.ts'

/** When to come again after a 503 that does not say it itself. */
export const RETRY_AFTER_SECONDS = 2

/** What the web framework refuses by itself, in our codes. */
const frameworkCodes: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed', 'The body is empty; JSON was announced.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformed', 'The body is shorter than was announced.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'The Content-Type of the body is not one that is taken here.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: ['too_large', 'The body is too large.'],
  FST_ERR_BAD_URL: ['malformed', 'The path of the URL is not valid.'],
}

/**
 * Any error as one of ours: refusals of the framework by the table above, failed schema checks as
 * `invalid` with the path in `details.errors`, database or disk trouble that passes as `unavailable`
 * or `storage_full`, and everything unknown as `internal` with the error as its cause, for the log. Its sentence is one for customers.
 */
export function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return forCustomers(error)
  const { code, validation, statusCode } = error as Partial<FastifyError>
  if (validation !== undefined) return validationError(error as FastifyError)
  const known = code === undefined ? undefined : frameworkCodes[code]
  if (known !== undefined) return new DeliveryError(known[0], known[1], { cause: error })
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new DeliveryError('storage_full', 'The storage is full.', { cause: error })
  }
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    return new DeliveryError('unavailable', 'The database is busy; try again.', { cause: error })
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new DeliveryError('malformed', 'The request cannot be read.', { cause: error })
  }
  return new DeliveryError('internal', 'Something went wrong on our side.', { cause: error })
}

/** What a sentence for operators says stays in the log. */
function forCustomers(error: DeliveryError): DeliveryError {
  const { code, told, details, message } = error
  return told === message ? error : new DeliveryError(code, told, { cause: error, details })
}

/**
 * What every API's error handler begins with: the error as one of ours, logged when operators have to know of it, with `Retry-After`
 * set where it says when to come again. Status and body are the API's.
 */
export function takeError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): DeliveryError {
  const refusal = asDeliveryError(error)
  if (isForOperators(error, refusal)) {
    // What is given up because its client has gone is nobody's fault.
    const hasLeft = reply.raw.destroyed && (error as Error).name === 'AbortError'
    if (hasLeft) request.log.info('The client left')
    else request.log.error({ err: error }, 'Request failed')
  }
  const { retryAfter } = refusal.details
  if (typeof retryAfter === 'number') reply.header('retry-after', retryAfter)
  return refusal
}

function isForOperators(error: unknown, { code }: DeliveryError): boolean {
  const hasOther = error instanceof DeliveryError && error.told !== error.message
  return hasOther || code === 'internal' || code === 'storage_full'
}

function validationError(error: FastifyError): DeliveryError {
  const errors = (error.validation ?? []).map((problem) => ({
    path: problem.instancePath || '/',
    problem: problem.message ?? 'is not valid',
  }))
  const [first] = errors
  const where = error.validationContext ?? 'request'
  const sentence =
    first === undefined
      ? `The ${where} is not valid.`
      : `The ${where} is not valid: ${first.path === '/' ? 'it' : first.path} ${first.problem}.`
  return new DeliveryError('invalid', sentence, { cause: error, details: { errors } })
}
