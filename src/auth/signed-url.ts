import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { DeliveryError } from '../core/errors.ts'
import type { KeyRing } from './key-ring.ts'

/**
 * What a signed URL allows; GET includes HEAD. `PAGE` is for a page by GET, whose button is a POST: what
 * looks into links without being asked never presses it.
 */
export type SignedMethod = 'GET' | 'PUT' | 'PAGE'

export interface UrlGrant {
  grantId: string
  /** As the customer sees it. It is the last segment, so that `curl -O` saves under it. */
  fileName: string
  method: SignedMethod
  /** In ms since the epoch; the URL ends with the whole second before. */
  expiresAt: number
}

/**
 * The path and query of a signed URL, in its one form:
 * `/files/<grant id>/<file name>?Expires=<unix s>&KeyId=<key id>&Signature=<base64url HMAC-SHA-256>`.
 * @throws DeliveryError `invalid` for a file name that no URL can end in (empty, `.`, `..`, over 4,000
 *   characters when encoded)
 */
export function signUrl(ring: KeyRing, grant: UrlGrant): string {
  const expires = Math.floor(grant.expiresAt / 1000)
  if (!(expires >= 0 && expires <= lastSecond)) {
    throw new DeliveryError('invalid', 'A signed URL must expire between 1970 and the year 5138.')
  }
  if (!/^[0-9a-z]{1,64}$/.test(grant.grantId)) {
    throw new DeliveryError('invalid', 'A grant id has 1 to 64 digits and small letters.')
  }
  const path = `/files/${grant.grantId}/${encodeFileName(grant.fileName)}`
  const { id, secretFor } = ring.first
  const signature = sign(secretFor('signed-url'), {
    method: grant.method,
    path,
    expires: String(expires),
    keyId: id,
  })
  return `${path}?Expires=${expires}&KeyId=${id}&Signature=${signature}`
}

/** A checked URL, or why it is refused, with what S3's error document says of it. */
export type SignedUrlCheck =
  | {
      readonly ok: true
      /** What it was signed for. */
      readonly method: SignedMethod
      readonly grantId: string
      readonly fileName: string
      /** In ms since the epoch. */
      readonly expiresAt: number
    }
  /** Signed by us, and its time is over (`expiresAt` in ms): the grant's row says with which status. */
  | {
      readonly refused: 'expired'
      readonly grantId: string
      readonly fileName: string
      readonly expiresAt: number
    }
  | { readonly refused: 'forged'; readonly keyId: string; readonly signature: string }
  /** It has not the form of a signed URL at all. */
  | { readonly refused: 'malformed' }

/**
 * Checks the target of a request as it was sent, without a database. Everything is signed: the
 * method, each byte of the path, the expiry and the key id; only the one form passes.
 * @param now in ms since the epoch
 */
export function checkSignedUrl(
  ring: KeyRing,
  { method, target }: { method: string; target: string },
  now: number,
): SignedUrlCheck {
  const proven = provenIn(ring)
  const asked = `${method} ${target}`
  const known = proven.get(asked)
  if (known !== undefined) return timely(known, now)
  const match = form.exec(target)
  if (match === null) return { refused: 'malformed' }
  const [, path = '', grantId = '', encodedName = '', expires = '', keyId = '', signature = ''] =
    match
  // An unknown key costs the same as a known one, so that time does not tell which ids there are.
  const key = ring.find(keyId)
  const secret = key?.secretFor('signed-url') ?? unknownKey
  const signedFor = allowing[method]?.find((one) => {
    const expected = sign(secret, { method: one, path, expires, keyId })
    // The text is compared, not the bytes: the last character of base64url has two bits to spare.
    return timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
  })
  if (signedFor === undefined || key === null) return { refused: 'forged', keyId, signature }
  const fileName = decodeURIComponent(encodedName)
  const genuine = { method: signedFor, grantId, fileName, expiresAt: Number(expires) * 1000 }
  if (proven.size >= MOST_PROVEN) proven.clear()
  proven.set(asked, genuine)
  return timely(genuine, now)
}

/** Which signatures let a request of this method pass. */
const allowing: Readonly<Record<string, readonly SignedMethod[]>> = {
  GET: ['GET', 'PAGE'],
  HEAD: ['GET', 'PAGE'],
  POST: ['PAGE'],
  PUT: ['PUT'],
}

/** What a genuine URL says: its signature was checked, its time was not. */
interface Genuine {
  readonly method: SignedMethod
  readonly grantId: string
  readonly fileName: string
  readonly expiresAt: number
}

function timely(genuine: Genuine, now: number): SignedUrlCheck {
  const { grantId, fileName, expiresAt } = genuine
  if (now < expiresAt) return { ok: true, ...genuine }
  return { refused: 'expired', grantId, fileName, expiresAt }
}

/**
 * A target that was proven genuine stays so as long as the ring has its keys, which is its life: a client
 * that takes a file in many ranges has each signature checked once (8 of the 85 µs of a small file).
 */
const provenBy = new WeakMap<KeyRing, Map<string, Genuine>>()

/** Of some 4 KB at most each. */
const MOST_PROVEN = 1000

function provenIn(ring: KeyRing): Map<string, Genuine> {
  const known = provenBy.get(ring)
  if (known !== undefined) return known
  const proven = new Map<string, Genuine>()
  provenBy.set(ring, proven)
  return proven
}

/** Eleven digits. */
const lastSecond = 99_999_999_999

/** Some clients send the absolute form of the target (RFC 9112 §3.2.2): the origin is not signed. */
const form =
  /^(?:https?:\/\/[^/?#\s]+)?(\/files\/([0-9a-z]{1,64})\/([A-Za-z0-9._~%-]{1,4000}))\?Expires=(0|[1-9]\d{0,10})&KeyId=([A-Za-z0-9_-]{1,32})&Signature=([A-Za-z0-9_-]{43})$/

const unknownKey = randomBytes(32)

interface Signed {
  method: string
  path: string
  expires: string
  keyId: string
}

function sign(secret: Buffer, { method, path, expires, keyId }: Signed): string {
  return createHmac('sha256', secret)
    .update(`${method}\n${path}\n${expires}\n${keyId}`)
    .digest('base64url')
}

/** Percent-encodes all but the unreserved characters (RFC 3986 §2.3), so that nobody on the way re-encodes any. */
function encodeFileName(name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw new DeliveryError('invalid', `A file cannot be named "${name}" in a URL.`)
  }
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  if (encoded.length > 4000) {
    throw new DeliveryError('invalid', 'The file name is too long for a URL.')
  }
  return encoded
}
