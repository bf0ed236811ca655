/** How patient the client is with a server that does not answer as it should. */
export interface RetryPolicy {
  /** How often to try again without any progress. */
  readonly attempts: number
  /** The first pause in ms; it doubles with each attempt. */
  readonly baseMs: number
  /** The longest pause of our own choice, in ms. */
  readonly capMs: number
  /** The longest pause that a server may ask for by Retry-After, in ms. */
  readonly obeyMs: number
}

/** Six further attempts within half a minute; longer where the server says when. */
export const defaultRetry: RetryPolicy = {
  attempts: 6,
  baseMs: 500,
  capMs: 30_000,
  obeyMs: 600_000,
}

/**
 * The pause before attempt number `attempt` (from 1), in ms: between half and the whole of a time
 * that doubles, so that clients that were refused together do not come back together.
 */
export function backoff(policy: RetryPolicy, attempt: number, random = Math.random): number {
  const whole = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1))
  return whole / 2 + random() * (whole / 2)
}

/**
 * Retry-After (RFC 9110 §10.2.3) in ms from now: seconds, or a date; null when it is absent or
 * cannot be read.
 */
export function parseRetryAfter(field: string | null, now = Date.now()): number | null {
  if (field === null) return null
  const text = field.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
