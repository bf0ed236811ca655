import { randomBytes } from 'node:crypto'
import type { ByteSpan, Content } from '../core/content.ts'

/** The frames around the parts of a 206 with several ranges (RFC 9110 §14.6), all lengths known beforehand. */
export interface ByterangesFrames {
  readonly mediaType: string
  /** Of the whole body, in bytes. */
  readonly length: number
  /** What goes before each span's bytes. */
  readonly heads: readonly string[]
  readonly tail: string
}

/**
 * What stands before, between and behind several ranges, under a boundary that is drawn anew (RFC 9110 §14.6).
 */
export function frameByteranges(
  content: Pick<Content, 'size' | 'mediaType'>,
  spans: readonly ByteSpan[],
): ByterangesFrames {
  const boundary = `claimcheck-${randomBytes(12).toString('hex')}`
  const heads = spans.map(
    (span, index) =>
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${content.mediaType}\r\nContent-Range: ${contentRange(span, content.size)}\r\n\r\n`,
  )
  const tail = `\r\n--${boundary}--\r\n`
  const frames = heads.reduce((sum, head) => sum + head.length, tail.length)
  const bytes = spans.reduce((sum, span) => sum + span.end - span.start, 0)
  return {
    mediaType: `multipart/byteranges; boundary=${boundary}`,
    length: frames + bytes,
    heads,
    tail,
  }
}

/** The value of Content-Range (RFC 9110 §14.4); the span is not empty. */
export function contentRange(span: ByteSpan, size: number): string {
  return `bytes ${span.start}-${span.end - 1}/${size}`
}
