import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { DeliveryError } from '../../core/errors.ts'
import { type Checksum, checksumAlgorithms } from '../../core/uploads/receive-part.ts'

/** The version of the protocol that is spoken: https://tus.io/protocols/resumable-upload */
export const tusVersion = '1.0.0'

/** The protocol's extensions that are there, as `Tus-Extension` lists them. */
export const tusExtensions = 'creation,creation-with-upload,termination,expiration,checksum'

/**
 * A header that is a count of bytes.
 * @throws DeliveryError `malformed` when it is missing or is none
 */
export function byteCount(headers: IncomingHttpHeaders, name: string): number {
  const text = String(headers[name] ?? '')
  const count = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(count)) return count
  throw new DeliveryError('malformed', `The header ${name} must be a number of bytes.`)
}

/**
 * Upload-Metadata: keys with values that are UTF-8 in base64.
 * @throws DeliveryError `malformed`
 */
export function parseMetadata(field: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const part of (field ?? '').split(',')) {
    if (part.trim() === '') continue
    const match = /^\s*([^\s,]+)(?: ([A-Za-z0-9+/]*={0,2}))?\s*$/.exec(part)
    const [, key = '', value = ''] = match ?? []
    const bytes = Buffer.from(value, 'base64')
    if (match === null || pairs.has(key) || !isUtf8(bytes)) {
      throw new DeliveryError('malformed', 'The header Upload-Metadata cannot be read.')
    }
    pairs.set(key, bytes.toString())
  }
  return pairs
}

/**
 * Upload-Checksum; null when there is none.
 * @throws DeliveryError `malformed` for one that cannot be checked
 */
export function parseChecksum(field: string | undefined): Checksum | null {
  if (field === undefined) return null
  const [name, value = ''] = field.split(' ', 2)
  const algorithm = checksumAlgorithms.find((one) => one === name)
  const digest = Buffer.from(value, 'base64').toString('hex')
  if (algorithm !== undefined && digest.length === lengths[algorithm]) return { algorithm, digest }
  throw new DeliveryError(
    'malformed',
    `The header Upload-Checksum names one of ${checksumAlgorithms.join(', ')} and a digest in base64.`,
  )
}

/** In hex digits. */
const lengths = { sha1: 40, sha256: 64, md5: 32 } as const
