import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { S3Address } from '../../s3-address.ts'
import { type PersistOptions, persist } from './persist.ts'
import { brokenOff, refusalOf } from './refusal.ts'
import {
  type Credentials,
  createSigner,
  emptyPayload,
  encodePart,
  formatQuery,
  type Signable,
} from './signer.ts'
import { createTransport } from './transport.ts'

/** Bytes to send, which are still there when they have to be sent again. */
export interface Payload {
  readonly chunks: readonly Uint8Array[]
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** One of ours, without the prefix; absent: the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: Payload
  readonly signal?: AbortSignal | undefined
  /** How long to try again what may pass, in ms; the client's when it is not said. */
  readonly patienceMs?: number
  /** Throws when the answer cannot be right; for `ask`, which may try again then. */
  check?(answer: S3Answer): void
}

export interface S3Answer {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface PresignOptions {
  readonly method: 'GET' | 'PUT'
  readonly query: Readonly<Record<string, string>>
  readonly seconds: number
}

/** A bucket, spoken to in S3's REST protocol. */
export interface S3Client {
  readonly address: S3Address
  readonly patienceMs: number
  /** The whole answer of a success; tried again while that may help. @throws StoreRefusal */
  ask(request: S3Request): Promise<S3Answer>
  /** One try; the answer's bytes are still to come. @throws StoreRefusal */
  open(request: S3Request): Promise<IncomingMessage>
  /** A URL at which anybody may do this for so many seconds. */
  presign(key: string, options: PresignOptions): string
  close(): void
}

export interface S3ClientOptions {
  readonly credentials: Credentials
  /** The most connections at a time. */
  readonly connections: number
  /** How long to try again what may pass, in ms. */
  readonly patienceMs: number
  /** A connection on which nothing moves for so long is given up, in ms. */
  readonly idleMs: number
}

/** A client that has asked for nothing yet; connections are made when they are needed. */
export function createS3Client(address: S3Address, options: S3ClientOptions): S3Client {
  const { credentials, connections, patienceMs, idleMs } = options
  const signer = createSigner({ credentials, region: address.region, now: Date.now })
  const origin = originOf(address, address.endpoint)
  const transport = createTransport({ origin, connections, idleMs })

  async function open(request: S3Request): Promise<IncomingMessage> {
    const { method, key, payload, signal } = request
    signal?.throwIfAborted()
    const signable = { ...placeOf(address, key), host: hostOf(origin), method }
    const query = request.query ?? {}
    const headers = signer.authorize(
      { ...signable, query, headers: request.headers ?? {} },
      payload?.sha256 ?? emptyPayload,
    )
    // Not signed, because the connection says it by itself.
    if (method === 'PUT' || method === 'POST') headers['content-length'] = `${payload?.size ?? 0}`
    const target = withQuery(signable.path, formatQuery(query))
    const body = payload?.chunks ?? []
    const message = await transport.exchange({ method, target, headers, body, signal })
    const { statusCode: status = 0 } = message
    if (status >= 200 && status < 300) return message
    const text = await textOf(message)
    throw refusalOf(`${method} ${signable.path}`, { status, headers: message.headers, text })
  }

  return {
    address,
    patienceMs,
    open,
    ask(request) {
      const persistence: PersistOptions = {
        patienceMs: request.patienceMs ?? patienceMs,
        signal: request.signal,
      }
      return persist(async () => {
        const message = await open(request)
        const answer = { headers: message.headers, text: await textOf(message) }
        request.check?.(answer)
        return answer
      }, persistence)
    },
    presign(key, { method, query, seconds }) {
      const publicOrigin = originOf(address, address.publicEndpoint)
      const place: Signable = {
        ...{ method, query, ...placeOf(address, key) },
        host: hostOf(publicOrigin),
      }
      return publicOrigin + withQuery(place.path, signer.presign(place, seconds))
    },
    close: () => transport.close(),
  }
}

/** A short text as something to send. */
export function payloadOf(text: string): Payload {
  const bytes = Buffer.from(text)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { chunks: [bytes], size: bytes.length, sha256 }
}

function originOf({ bucket, pathStyle }: S3Address, endpoint: string): string {
  if (pathStyle) return endpoint
  const { protocol, host } = new URL(endpoint)
  return `${protocol}//${bucket}.${host}`
}

function hostOf(origin: string): string {
  return new URL(origin).host
}

function placeOf({ bucket, prefix, pathStyle }: S3Address, key: string | undefined) {
  const whole = key === undefined ? '' : prefix + key
  const path = whole.split('/').map(encodePart).join('/')
  return { path: pathStyle ? `/${bucket}${key === undefined ? '' : '/'}${path}` : `/${path}` }
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}

/** @throws StoreRefusal when it breaks off */
async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer)
  } catch (error) {
    throw brokenOff('The answer of the store broke off', 'ECONNRESET', error)
  }
  return Buffer.concat(chunks).toString('utf8')
}
