import type { HttpFields } from './http-answer.ts'

/**
 * The file name of a Content-Disposition (RFC 6266): `filename*` before `filename`; null when there
 * is none. It is what a server says, not a path to trust.
 */
export function dispositionName(headers: HttpFields): string | null {
  const field = headers.get('content-disposition') ?? ''
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(field)?.[1]
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended) || null
    } catch {
      // Malformed: the plain one may do.
    }
  }
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(field)
  if (plain === null) return null
  return (plain[1]?.replaceAll(/\\(.)/g, '$1') ?? plain[2] ?? '') || null
}
