import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Refusal } from './fake-s3-refusal.ts'

export interface FakeKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  now(): number
}

/**
 * Verifies AWS Signature Version 4 of a request as it stands on the wire, in the headers or in the
 * query. Written from Amazon's description and not from our signer, so that the two can disagree.
 * @throws S3Refusal
 */
export function verifySignature(request: IncomingMessage, body: Buffer, keys: FakeKeys): void {
  const [path = '', rawQuery = ''] = (request.url ?? '').split('?')
  const pairs = rawQuery === '' ? [] : rawQuery.split('&').map(splitPair)
  const query = new Map(pairs)
  const inQuery = query.has('X-Amz-Signature')
  const { authorization } = request.headers
  if (inQuery && authorization !== undefined) throw new S3Refusal(400, 'InvalidArgument')
  if (!inQuery && authorization === undefined) throw new S3Refusal(403, 'AccessDenied')
  const claim = inQuery ? claimOfQuery(query, keys) : claimOfHeader(request, body, keys)
  const { credential, signedHeaders, signature, time, payload } = claim
  const [accessKeyId, day, region, service, end] = credential.split('/')
  if (accessKeyId !== keys.accessKeyId) throw new S3Refusal(403, 'InvalidAccessKeyId')
  if (region !== keys.region) throw new S3Refusal(400, 'AuthorizationHeaderMalformed')
  if (day !== time.slice(0, 8) || service !== 's3' || end !== 'aws4_request') {
    throw new S3Refusal(403, 'SignatureDoesNotMatch')
  }
  const names = signedHeaders.split(';')
  if (!names.includes('host')) throw new S3Refusal(403, 'AccessDenied')
  for (const name of Object.keys(request.headers)) {
    const mustBeSigned = name.startsWith('x-amz-') || name === 'content-md5'
    if (mustBeSigned && !names.includes(name)) throw new S3Refusal(403, 'AccessDenied')
  }
  const canonicalQuery = pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const lines = names.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
  const canonical = [request.method, path, canonicalQuery, lines.join(''), signedHeaders, payload]
  const digest = createHash('sha256').update(canonical.join('\n')).digest('hex')
  const scope = `${day}/${region}/s3/aws4_request`
  const expected = hmac(
    hmac(hmac(hmac(hmac(`AWS4${keys.secretAccessKey}`, day), region), 's3'), 'aws4_request'),
    `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`,
  ).toString('hex')
  if (expected !== signature) throw new S3Refusal(403, 'SignatureDoesNotMatch')
}

interface Claim {
  credential: string
  signedHeaders: string
  signature: string
  time: string
  payload: string
}

function claimOfHeader(request: IncomingMessage, body: Buffer, keys: FakeKeys): Claim {
  const { headers } = request
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (match === null) throw new S3Refusal(400, 'AuthorizationHeaderMalformed')
  const [, credential = '', signedHeaders = '', signature = ''] = match
  const time = String(headers['x-amz-date'])
  if (Math.abs(parseTime(time) - keys.now()) > 900_000) {
    throw new S3Refusal(403, 'RequestTimeTooSkewed')
  }
  const payload = String(headers['x-amz-content-sha256'])
  if (createHash('sha256').update(body).digest('hex') !== payload) {
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch')
  }
  return { credential, signedHeaders, signature, time, payload }
}

function claimOfQuery(query: ReadonlyMap<string, string>, keys: FakeKeys): Claim {
  const read = (name: string): string => query.get(`X-Amz-${name}`) ?? ''
  const seconds = Number(read('Expires'))
  if (read('Algorithm') !== 'AWS4-HMAC-SHA256' || !(seconds >= 1 && seconds <= 604_800)) {
    throw new S3Refusal(400, 'AuthorizationQueryParametersError')
  }
  const time = read('Date')
  if (parseTime(time) + seconds * 1000 < keys.now()) throw new S3Refusal(403, 'AccessDenied')
  return {
    credential: read('Credential'),
    signedHeaders: read('SignedHeaders'),
    signature: read('Signature'),
    time,
    payload: 'UNSIGNED-PAYLOAD',
  }
}

function splitPair(pair: string): [string, string] {
  const at = pair.includes('=') ? pair.indexOf('=') : pair.length
  return [decodeURIComponent(pair.slice(0, at)), decodeURIComponent(pair.slice(at + 1))]
}

/** Everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      if (/[A-Za-z0-9._~-]/.test(character)) return character
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

function parseTime(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

function hmac(key: Buffer | string, text = ''): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
