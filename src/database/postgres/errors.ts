import { DeliveryError } from '../../core/errors.ts'

/**
 * What PostgreSQL, or the way to it, said, as the core's word for it: trouble that passes by itself
 * becomes `unavailable`, so that each API answers 503; everything else stays as it is.
 */
export function asPassingTrouble(error: unknown): unknown {
  if (error instanceof DeliveryError) return error
  const sentence = sentenceOf(error)
  return sentence === null ? error : unavailable(sentence, error)
}

/** The refusal of what would work later; the sentence is for whoever asked. */
export function unavailable(sentence: string, cause: unknown): DeliveryError {
  return new DeliveryError('unavailable', sentence, { cause })
}

/** Two changes were in each other's way, and this one was undone: it can be done again from the start. */
export function isConflict(error: unknown): boolean {
  // serialization_failure, deadlock_detected
  return /^(40001|40P01)$/.test(codeOf(error)) || isOutdatedPlan(error)
}

/**
 * A node of a newer version has added a column to a table of which a prepared statement returns all. On
 * this connection the statement fails from then on.
 */
export function isOutdatedPlan(error: unknown): boolean {
  return (
    codeOf(error) === '0A000' &&
    error instanceof Error &&
    error.message === 'cached plan must not change result type'
  )
}

/**
 * A unique or a foreign key would be broken. That is a conflict, too, when the change had looked
 * before it wrote, and could not see what another one wrote at the same time.
 */
export function isBrokenKey(error: unknown): boolean {
  return /^(23505|23503)$/.test(codeOf(error))
}

/** After this error the connection must not be used again: it is lost, busy, or leads to a server that takes no writes. */
export function spoilsConnection(error: unknown): boolean {
  const code = codeOf(error)
  return (
    isOutdatedPlan(error) ||
    code === '25006' ||
    !/^[0-9A-Z]{5}$/.test(code) ||
    /^(08|57P)/.test(code)
  )
}

/** Codes: appendix A of PostgreSQL's documentation. */
function sentenceOf(error: unknown): string | null {
  const code = codeOf(error)
  // query_canceled, lock_not_available, idle_in_transaction_session_timeout, transaction_timeout
  if (/^(57014|55P03|25P03|25P04)$/.test(code)) {
    return 'The database took too long to answer; try again.'
  }
  if (code === '25006') return 'The database takes no changes at the moment; try again.'
  // 08 connection, 28 authorization, 3D no such database, 53 resources, 57P shutdown or start.
  if (/^(08|28|3D|53|57P)/.test(code) || isNetworkError(error, code)) {
    return 'The database cannot be reached at the moment; try again.'
  }
  return null
}

const networkCodes =
  /^(ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH|ERR_TLS.*)$/

/** Errors of `pg` itself have no code. */
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed)|The server does not support SSL)/

function isNetworkError(error: unknown, code: string): boolean {
  return networkCodes.test(code) || (error instanceof Error && driverMessages.test(error.message))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
