import { randomBytes } from 'node:crypto'
import { escapeXml } from './escape-xml.ts'

/** The media type of the documents below. */
export const s3ErrorType = 'application/xml'

/** A refusal as an XML document in the form of Amazon S3, which clients of signed URLs know. */
export type S3Error =
  /** The signed URL's time is over. */
  | { code: 'AccessDenied'; expiresAt: number }
  /** It was revoked, or has not the form of a signed URL. */
  | { code: 'AccessDenied'; message: string }
  | { code: 'SignatureDoesNotMatch'; keyId: string; signature: string }
  | { code: 'NoSuchKey'; key: string }
  /** The limit is in bytes. */
  | { code: 'EntityTooLarge'; limit: number }
  | {
      code: 'BadDigest' | 'InvalidDigest' | 'InternalError' | 'ServiceUnavailable'
      message: string
    }

/**
 * The document: for an expired URL Code, Message, Expires, ServerTime, RequestId, HostId in this
 * order, as the Flowroute port order documentation prints it.
 * @param now in ms since the epoch
 */
export function formatS3Error(error: S3Error, now: number): string {
  const elements = [
    ['Code', error.code],
    ...facts(error, now),
    ['RequestId', randomBytes(8).toString('hex').toUpperCase()],
    ['HostId', randomBytes(56).toString('base64')],
  ]
  const lines = elements.map(([name = '', text = '']) => `<${name}>${escapeXml(text)}</${name}>`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n${lines.join('\n')}\n</Error>\n`
}

/** The value of WWW-Authenticate when an expired URL is answered with 401: no browser asks for a password. */
export const signedUrlChallenge = 'SignedUrl'

function facts(error: S3Error, now: number): [string, string][] {
  if ('expiresAt' in error) {
    return [
      ['Message', 'Request has expired'],
      ['Expires', formatSecond(error.expiresAt)],
      ['ServerTime', formatSecond(now)],
    ]
  }
  if (error.code === 'SignatureDoesNotMatch') {
    return [
      [
        'Message',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      ],
      ['AWSAccessKeyId', error.keyId],
      ['SignatureProvided', error.signature],
    ]
  }
  if (error.code === 'NoSuchKey') {
    return [
      ['Message', 'The specified key does not exist.'],
      ['Key', error.key],
    ]
  }
  if (error.code === 'EntityTooLarge') {
    return [
      ['Message', 'Your proposed upload exceeds the maximum allowed size'],
      ['MaxSizeAllowed', String(error.limit)],
    ]
  }
  return [['Message', error.message]]
}

/** `2018-07-31T21:34:17Z` */
function formatSecond(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
