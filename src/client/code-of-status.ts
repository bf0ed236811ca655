import type { ClientErrorCode } from './client-error.ts'

/** Statuses after which the same request may well succeed. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504])

/** Whether the same request may be answered another time. */
export function isPassingStatus(status: number): boolean {
  return passing.has(status)
}

/** What a status that refuses is for the client. */
export function codeOfStatus(status: number): ClientErrorCode {
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 410) return 'not_found'
  if (status === 429 || status === 503) return 'too_busy'
  return status >= 500 || isPassingStatus(status) ? 'server_failed' : 'refused'
}
