import { createHash, createHmac } from 'node:crypto'

/** Who asks the store. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials; null for lasting ones. */
  readonly sessionToken: string | null
}

export interface SignerOptions {
  readonly credentials: Credentials
  readonly region: string
  /** Milliseconds since the epoch. */
  now(): number
}

/** What is signed. */
export interface Signable {
  readonly method: string
  readonly host: string
  /** Percent-encoded already. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** Signs requests to a store by AWS Signature Version 4. */
export interface Signer {
  /**
   * The headers to send, the given ones among them; all of them are signed.
   * @param payload the SHA-256 of the body, lower-case hex
   */
  authorize(
    request: Signable & { readonly headers: Readonly<Record<string, string>> },
    payload: string,
  ): Record<string, string>
  /** The query string of a URL that anybody may use for so many seconds. */
  presign(request: Signable, seconds: number): string
}

/** The SHA-256 of no bytes. */
export const emptyPayload = createHash('sha256').digest('hex')

const algorithm = 'AWS4-HMAC-SHA256'

/** AWS's "Authenticating Requests (AWS Signature Version 4)", API version 2006-03-01 of S3. */
export function createSigner({ credentials, region, now }: SignerOptions): Signer {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  let known: { day: string; key: Buffer } = { day: '', key: Buffer.alloc(0) }

  function keyOf(day: string): Buffer {
    if (known.day === day) return known.key
    const parts = [day, region, 's3', 'aws4_request']
    const key = parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`))
    known = { day, key }
    return key
  }

  function sign(canonicalRequest: string, time: string): string {
    const day = time.slice(0, 8)
    const digest = createHash('sha256').update(canonicalRequest).digest('hex')
    const text = [algorithm, time, scopeOf(day), digest].join('\n')
    return hmac(keyOf(day), text).toString('hex')
  }

  function scopeOf(day: string): string {
    return `${day}/${region}/s3/aws4_request`
  }

  return {
    authorize({ headers: given, ...request }, payload) {
      const time = formatTime(now())
      const headers: Record<string, string> = {
        ...given,
        host: request.host,
        'x-amz-content-sha256': payload,
        'x-amz-date': time,
        ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }),
      }
      const query = formatQuery(request.query)
      const signature = sign(canonical(request, { query, headers, payload }), time)
      const credential = `${accessKeyId}/${scopeOf(time.slice(0, 8))}`
      headers.authorization = `${algorithm} Credential=${credential},SignedHeaders=${namesOf(headers)},Signature=${signature}`
      return headers
    },
    presign(request, seconds) {
      const time = formatTime(now())
      const query = formatQuery({
        ...request.query,
        'X-Amz-Algorithm': algorithm,
        'X-Amz-Credential': `${accessKeyId}/${scopeOf(time.slice(0, 8))}`,
        'X-Amz-Date': time,
        'X-Amz-Expires': String(seconds),
        'X-Amz-SignedHeaders': 'host',
        ...(sessionToken === null ? {} : { 'X-Amz-Security-Token': sessionToken }),
      })
      const headers = { host: request.host }
      const text = canonical(request, { query, headers, payload: 'UNSIGNED-PAYLOAD' })
      return `${query}&X-Amz-Signature=${sign(text, time)}`
    },
  }
}

/** As `encodeURIComponent`, and what it leaves alone of RFC 3986's reserved characters, too. */
export function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** In the order in which it is signed: by name. */
export function formatQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encodePart(name), encodePart(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

interface Canonical {
  readonly query: string
  /** Their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string
}

function canonical({ method, path }: Signable, { query, headers, payload }: Canonical): string {
  const lines = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}\n`)
  return [method, path, query, lines.join(''), namesOf(headers), payload].join('\n')
}

function namesOf(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).sort().join(';')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** `20130524T000000Z` */
function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '')
}
