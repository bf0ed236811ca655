import type { HttpFields } from './http-answer.ts'

/** A strong entity tag; null for a weak one or none (RFC 9110 §8.8.3): only a strong one vouches for bytes. */
export function strongEtag(headers: HttpFields): string | null {
  const tag = headers.get('etag')?.trim() ?? ''
  return /^"[^"]*"$/.test(tag) ? tag : null
}
