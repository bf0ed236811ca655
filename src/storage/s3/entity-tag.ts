import type { IncomingHttpHeaders } from 'node:http'
import { StoreRefusal } from './refusal.ts'

/**
 * The MD5 in a store's entity tag; null where it has none: encrypted by a key service or by a
 * customer's key it is something else (S3, "Checking object integrity").
 */
export function digestIn(headers: IncomingHttpHeaders): string | null {
  const encryption = headers['x-amz-server-side-encryption'] ?? ''
  if (/^aws:/.test(String(encryption))) return null
  if (headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined) return null
  return /^"?([0-9a-f]{32}(?:-\d+)?)"?$/.exec(headers.etag ?? '')?.[1] ?? null
}

/** @throws StoreRefusal when the store has an MD5 for what it stored and it is another one */
export function assertSameDigest(headers: IncomingHttpHeaders, expected: string): void {
  const digest = digestIn(headers)
  if (digest === null || digest === expected) return
  throw new StoreRefusal(
    `The store says that it stored bytes with the MD5 ${digest}; those sent have ${expected}. Nothing was kept.`,
    { status: 200, code: 'WrongDigest', isTransient: true },
  )
}
