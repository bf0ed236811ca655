import type { IncomingHttpHeaders } from 'node:http'
import { matchesStrongly, matchesWeakly, parseEntityTags } from './entity-tag.ts'
import { parseHttpDate } from './http-date.ts'

/** What the conditions of a request are held against. */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string
  readonly lastModified: Date
}

/** `proceed`: do what was asked; the others are 304 and 412. */
export type PreconditionVerdict = 'proceed' | 'not_modified' | 'failed'

/**
 * Evaluates the conditions of a request in the order of RFC 9110 §13.2.2. If-Range is apart: see
 * `rangeApplies`.
 * @param now in ms since the epoch
 */
export function evaluatePreconditions(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  { validators, now }: { validators: Validators; now: number },
): PreconditionVerdict {
  const isRead = method === 'GET' || method === 'HEAD'
  if (headers['if-match'] !== undefined) {
    if (!anyMatches(headers['if-match'], validators.etag, matchesStrongly)) return 'failed'
  } else if (headers['if-unmodified-since'] !== undefined) {
    const since = parseHttpDate(headers['if-unmodified-since'], now)
    // §13.1.4: what is no date is ignored.
    if (since !== null && seconds(validators.lastModified) > since) return 'failed'
  }
  if (headers['if-none-match'] !== undefined) {
    if (anyMatches(headers['if-none-match'], validators.etag, matchesWeakly)) {
      return isRead ? 'not_modified' : 'failed'
    }
  } else if (headers['if-modified-since'] !== undefined && isRead) {
    const since = parseHttpDate(headers['if-modified-since'], now)
    // §13.1.3: what is no date is ignored.
    if (since !== null && seconds(validators.lastModified) <= since) return 'not_modified'
  }
  return 'proceed'
}

/**
 * Does If-Range, when there is one, let Range count (RFC 9110 §13.1.5)? A weak tag never does; a
 * date only when it is exactly Last-Modified, and that more than a second ago (§8.8.2.2): else a
 * client would glue parts of two files together.
 */
export function rangeApplies(
  headers: IncomingHttpHeaders,
  { validators, now }: { validators: Validators; now: number },
): boolean {
  const condition = headers['if-range']
  if (condition === undefined) return true
  if (typeof condition !== 'string') return false
  const tags = parseEntityTags(condition)
  if (tags !== null && tags !== '*') {
    const [tag, ...others] = tags
    return tag !== undefined && others.length === 0 && matchesStrongly(tag, validators.etag)
  }
  const date = parseHttpDate(condition, now)
  return date === seconds(validators.lastModified) && now - validators.lastModified.getTime() > 1000
}

function anyMatches(
  field: string,
  etag: string,
  matches: (tag: { weak: boolean; opaque: string }, etag: string) => boolean,
): boolean {
  const tags = parseEntityTags(field)
  // §13.1.1, §13.1.2: `*` is any current representation, and there is one.
  if (tags === '*') return true
  return tags?.some((tag) => matches(tag, etag)) ?? false
}

/** Last-Modified as the client saw it: HTTP has no parts of a second. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}
