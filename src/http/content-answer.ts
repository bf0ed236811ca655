import type { IncomingHttpHeaders } from 'node:http'
import type { ByteSpan, Content } from '../core/content.ts'
import { evaluatePreconditions, rangeApplies } from './preconditions.ts'
import { parseRange } from './range.ts'

/** What a request for a content is answered with; `spans` are what its body holds. */
export type ContentAnswer =
  | { readonly status: 200 | 206; readonly spans: readonly ByteSpan[] }
  | { readonly status: 304 }
  | { readonly status: 412 | 416 }

/** What of a request decides the answer. */
export interface ContentQuestion {
  readonly method: string | undefined
  readonly headers: IncomingHttpHeaders
  /** In ms since the epoch. */
  readonly now: number
}

/** Conditions first, then Range (RFC 9110 §13.2.2, §14.2). Nothing else of a request counts. */
export function answerContent(
  { method, headers, now }: ContentQuestion,
  content: Pick<Content, 'size' | 'etag' | 'lastModified'>,
): ContentAnswer {
  const context = { validators: content, now }
  const verdict = evaluatePreconditions(method, headers, context)
  if (verdict === 'not_modified') return { status: 304 }
  if (verdict === 'failed') return { status: 412 }
  const { range } = headers
  // §14.2: Range is defined for GET only.
  if (range !== undefined && method === 'GET' && rangeApplies(headers, context)) {
    const asked = parseRange(range, content.size)
    if (asked.kind === 'unsatisfiable') return { status: 416 }
    if (asked.kind === 'spans') return { status: 206, spans: asked.spans }
  }
  return { status: 200, spans: [{ start: 0, end: content.size }] }
}
