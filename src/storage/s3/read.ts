import type { IncomingMessage } from 'node:http'
import type { ByteSpan } from '../../core/content.ts'
import { assertObjectKey } from '../object-key.ts'
import type { S3Client } from './client.ts'
import { persist } from './persist.ts'
import { brokenOff, explain, StoreRefusal } from './refusal.ts'

export interface Reading {
  readonly key: string
  readonly span: ByteSpan
  readonly signal: AbortSignal | undefined
}

/**
 * The bytes of a span. A connection that breaks off is followed by another one for the rest, as long
 * as each brings something before patience ends; the entity tag makes sure that the rest is of the
 * same bytes. A consumer that stands still for long costs no connection, for the same reason.
 * @throws DeliveryError `unavailable`, Error when the object is shorter than the span or was replaced meanwhile
 */
export async function* readObject(
  client: S3Client,
  { key, span, signal }: Reading,
): AsyncGenerator<Uint8Array> {
  assertObjectKey(key)
  assertSpan(key, span)
  signal?.throwIfAborted()
  if (span.start === span.end) await assertReaches(client, { key, span, signal })
  let etag: string | null = null
  for (let position = span.start; position < span.end; ) {
    const rest = { key, span: { start: position, end: span.end }, signal }
    const opened = await openAgain(client, rest, etag)
    etag = opened.etag
    try {
      for (let chunk: Uint8Array | null = opened.first; chunk !== null; ) {
        yield chunk
        position += chunk.byteLength
        chunk = await opened.next()
      }
    } catch (error) {
      signal?.throwIfAborted()
      // Without a tag nobody could say whether the rest is of the same object.
      if (!isBrokenOff(error) || etag === null) throw error
    } finally {
      opened.message.destroy()
    }
  }
}

/** There is no request for no bytes; the object must reach so far all the same. */
async function assertReaches(client: S3Client, { key, span, signal }: Reading): Promise<void> {
  const { headers } = await client.ask({ method: 'HEAD', key, signal })
  if (Number(headers['content-length']) < span.end) throw tooShort(key, span)
}

async function openAgain(client: S3Client, reading: Reading, etag: string | null): Promise<Opened> {
  try {
    return await persist(() => openSpan(client, reading, etag), {
      patienceMs: client.patienceMs,
      signal: reading.signal,
    })
  } catch (error) {
    throw explain(error, client.address)
  }
}

interface Opened {
  readonly message: IncomingMessage
  readonly etag: string | null
  /** Waited for, so that an answer that brings nothing counts as a failed try. */
  readonly first: Uint8Array
  /** The next bytes; null when all that was asked for is there. */
  next(): Promise<Uint8Array | null>
}

async function openSpan(
  client: S3Client,
  { key, span, signal }: Reading,
  etag: string | null,
): Promise<Opened> {
  const message = await openAt(client, { key, span, signal }, etag)
  try {
    assertAnswers(message, key, span)
    const tag = message.headers.etag ?? null
    // Of stores that take no If-Match.
    if (etag !== null && tag !== etag) throw replaced(key)
    const next = readExactly(message, span.end - span.start)
    const first = await next()
    if (first === null) throw brokenOff('The answer of the store is empty', 'ECONNRESET')
    return { message, etag: tag, first, next }
  } catch (error) {
    message.destroy()
    throw isBrokenOff(error) ? brokenOff('The answer broke off', 'ECONNRESET', error) : error
  }
}

async function openAt(
  client: S3Client,
  { key, span, signal }: Reading,
  etag: string | null,
): Promise<IncomingMessage> {
  const headers: Record<string, string> = { range: `bytes=${span.start}-${span.end - 1}` }
  // Quoted as it came: RADOS Gateway takes both forms here.
  if (etag !== null) headers['if-match'] = etag
  try {
    return await client.open({ method: 'GET', key, headers, signal })
  } catch (error) {
    if (!(error instanceof StoreRefusal)) throw error
    if (error.status === 416) throw tooShort(key, span)
    if (error.status === 412) throw replaced(key)
    throw error
  }
}

/** @throws Error when the answer is not the span that was asked for */
function assertAnswers(message: IncomingMessage, key: string, { start, end }: ByteSpan): void {
  const { statusCode, headers } = message
  if (statusCode !== 206) {
    throw new Error(`The store answered ${statusCode} to a request for a part of ${key}.`)
  }
  const match = /^bytes (\d+)-(\d+)\/(?:\d+|\*)$/.exec(headers['content-range'] ?? '')
  if (Number(match?.[1]) !== start) {
    throw new Error(`The store sent another part of ${key} than was asked for.`)
  }
  if (Number(match?.[2]) !== end - 1) throw tooShort(key, { start, end })
}

/**
 * Never more than was asked for, and an end before that is a breaking off. A function and not one more
 * generator: each of those costs a tenth of the speed.
 */
function readExactly(message: IncomingMessage, length: number): Opened['next'] {
  const chunks = message[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let left = length
  return async () => {
    const { done, value: chunk } = await chunks.next()
    if (done && left > 0) {
      throw brokenOff(`The answer of the store lacks ${left} bytes`, 'ECONNRESET')
    }
    if (done) return null
    left -= chunk.byteLength
    if (left < 0) throw new Error('The store sent more bytes than it announced.')
    return chunk
  }
}

/** The network's errors carry its codes; those of a consumer or of ours do not. */
function isBrokenOff(error: unknown): boolean {
  if (error instanceof StoreRefusal) return error.isTransient
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}

function assertSpan(key: string, { start, end }: ByteSpan): void {
  if (start >= 0 && start <= end) return
  throw new Error(`Bytes ${start} to ${end} of ${key} are no span.`)
}

function tooShort(key: string, { start, end }: ByteSpan): Error {
  return new Error(`The object ${key} is too short for its bytes ${start} to ${end}.`)
}

function replaced(key: string): Error {
  return new Error(`The object ${key} was replaced while it was read.`)
}
