import type { IncomingMessage } from 'node:http'
import type { Core } from '../core/core.ts'
import type { GrantedFile } from '../core/grants/granted-file.ts'
import { contentDisposition } from './content-disposition.ts'

export interface StoreUrlOptions {
  readonly granted: GrantedFile
  readonly fileName: string
  /** When the signed URL ends, in ms. */
  readonly expiresAt: number
  /** How long the store's URL may live; 0 for never. */
  readonly seconds: number
}

/**
 * Fields that only we can answer to: conditions and digests are about our representation, whose
 * entity tag is another one than the store's; and S3 refuses an Authorization beside its signature,
 * which clients keep over a redirect.
 */
const ours = [
  'authorization',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'want-digest',
  'want-repr-digest',
]

/**
 * Where the store itself gives the bytes of a signed URL; null when they have to go through
 * Claimcheck: because they are encrypted by us or counted, or because the store could not answer as
 * we do. Nothing takes such a URL back: a revocation is as late as it lives.
 */
export function storeUrlOf(
  { store, database }: Core,
  { method, headers }: IncomingMessage,
  { granted, fileName, expiresAt, seconds }: StoreUrlOptions,
): string | null {
  if (seconds === 0 || store.presign === undefined || method !== 'GET') return null
  const { grant, bytes, admits, isCounted } = granted
  if (bytes === null || bytes.encryption !== null) return null
  if (isCounted || admits !== null || grant.max_uses !== null) return null
  // The policy of the page lets its form lead nowhere else, and browsers hold redirects to it.
  if (grant.method === 'PAGE') return null
  // Of several ranges stores send the first one, or all of the file.
  if (ours.some((name) => headers[name] !== undefined) || headers.range?.includes(',')) return null
  const left = Math.floor((expiresAt - database.now()) / 1000)
  if (left < 1) return null
  return store.presign(bytes.object_key, {
    method: 'GET',
    seconds: Math.min(seconds, left),
    mediaType: bytes.media_type,
    disposition: contentDisposition(fileName, grant.disposition),
  })
}
