import type { IncomingHttpHeaders } from 'node:http'
import type { ByteSpan, Content } from '../core/content.ts'
import { contentDisposition } from './content-disposition.ts'
import { digestFields } from './digest-fields.ts'
import { formatHttpDate } from './http-date.ts'
import { type ByterangesFrames, contentRange } from './multipart-byteranges.ts'

/** What the caller decides about a content's header fields. */
export interface ContentFieldOptions {
  /** As the person who saves it should see it; made safe for the header. */
  readonly fileName: string
  readonly disposition: 'attachment' | 'inline'
  /**
   * Further fields, and other values for Cache-Control, Content-Disposition, Content-Security-Policy
   * and X-Content-Type-Options. Fields that state facts about the bytes cannot be replaced.
   */
  readonly headers?: Readonly<Record<string, string>>
}

/** The body of a 200 or 206. */
export interface ContentBody {
  readonly status: 200 | 206
  readonly spans: readonly ByteSpan[]
  /** `null` unless there are several spans. */
  readonly frames: ByterangesFrames | null
}

/** Other people's files: a browser must not guess their type, run them, or keep them for the next user. */
const policy = [
  ['Cache-Control', 'private, no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "sandbox; default-src 'none'"],
] as const

/** Facts about the bytes: no caller may say otherwise. */
const facts = new Set([
  'accept-ranges',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'transfer-encoding',
])

/**
 * The fields of a 200 or 206, as a flat list of names and values. A 206 repeats them all, to If-Range
 * too, where RFC 9110 §15.3.7 would rather not: a client that resumes in a new process has kept
 * nothing but the tag, and needs the digest and the name.
 */
export function contentFields(
  content: Content,
  body: ContentBody,
  { request, options }: { request: IncomingHttpHeaders; options: ContentFieldOptions },
): string[] {
  const { frames, spans, status } = body
  const [span] = spans
  const fields = [
    'Content-Type',
    frames?.mediaType ?? content.mediaType,
    'Content-Length',
    String(frames?.length ?? (span === undefined ? 0 : span.end - span.start)),
    'Accept-Ranges',
    'bytes',
    'ETag',
    content.etag,
    'Last-Modified',
    formatHttpDate(content.lastModified),
  ]
  if (status === 206 && frames === null && span !== undefined) {
    fields.push('Content-Range', contentRange(span, content.size))
  }
  fields.push(...digestFields(request, { digests: content.digests, isWhole: status === 200 }))
  const given = options.headers
  if (!isGiven(given, 'content-disposition')) {
    fields.push('Content-Disposition', contentDisposition(options.fileName, options.disposition))
  }
  pushPolicy(fields, given)
  for (const name in given) {
    if (!facts.has(name.toLowerCase())) fields.push(name, given[name] ?? '')
  }
  return fields
}

/** The fields of a 304: what a 200 would carry that a cache may want to renew (RFC 9110 §15.4.5). */
export function notModifiedFields(content: Content, options: ContentFieldOptions): string[] {
  const fields = ['ETag', content.etag, 'Last-Modified', formatHttpDate(content.lastModified)]
  pushPolicy(fields, options.headers)
  pushOthers(fields, options.headers)
  return fields
}

/** The fields of a 412 or 416 with a sentence as its body. */
export function refusalFields(
  content: Content,
  refusal: { status: 412 | 416; sentence: string },
  options: ContentFieldOptions,
): string[] {
  const fields = [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(refusal.sentence)),
    'ETag',
    content.etag,
  ]
  // RFC 9110 §15.5.17: so that the client learns how long it is.
  if (refusal.status === 416) fields.push('Content-Range', `bytes */${content.size}`)
  pushPolicy(fields, undefined)
  const { headers } = options
  if (headers !== undefined) {
    pushOthers(
      fields,
      Object.fromEntries(
        Object.entries(headers).filter(([name]) => !/^cache-control$/i.test(name)),
      ),
    )
  }
  return fields
}

function pushPolicy(fields: string[], given: ContentFieldOptions['headers']): void {
  for (const [name, value] of policy) {
    if (!isGiven(given, name.toLowerCase())) fields.push(name, value)
  }
}

/** The caller's fields that do not speak of a body. */
function pushOthers(fields: string[], given: ContentFieldOptions['headers']): void {
  for (const name in given) {
    const lower = name.toLowerCase()
    if (!facts.has(lower) && lower !== 'content-disposition') fields.push(name, given[name] ?? '')
  }
}

function isGiven(given: ContentFieldOptions['headers'], lowerCaseName: string): boolean {
  for (const name in given) {
    if (name.toLowerCase() === lowerCaseName) return true
  }
  return false
}
