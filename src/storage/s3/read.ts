import type { IncomingMessage } from 'node:http'
import type { ByteSpan } from '../../core/content.ts'
import type { S3Client } from './client.ts'
import { persist } from './persist.ts'
import { brokenOff, StoreRefusal } from './refusal.ts'

export interface Reading {
  readonly key: string
  readonly span: ByteSpan
  readonly signal: AbortSignal | undefined
}

/**
 * The bytes of a span. A connection that breaks off is followed by another one for the rest, as long
 * as each brings something before patience ends; the entity tag makes sure that the rest is of the
 * same bytes. A consumer that stands still for long costs no connection, for the same reason.
 * @throws StoreRefusal, Error when the object is shorter than the span or was replaced meanwhile
 */
export async function* readObject(
  client: S3Client,
  { key, span, signal }: Reading,
): AsyncGenerator<Uint8Array> {
  assertSpan(key, span)
  let etag: string | null = null
  for (let position = span.start; position < span.end; ) {
    const rest = { key, span: { start: position, end: span.end }, signal }
    const opened: Opened = await persist(() => openSpan(client, rest, etag), {
      patienceMs: client.patienceMs,
      signal,
    })
    etag = opened.etag
    try {
      yield opened.first
      position += opened.first.byteLength
      for await (const chunk of opened.chunks) {
        yield chunk
        position += chunk.byteLength
      }
    } catch (error) {
      signal?.throwIfAborted()
      // Nothing but the network throws here; a consumer that has enough makes us return.
      if (!isBrokenOff(error)) throw error
    } finally {
      opened.message.destroy()
    }
  }
}

interface Opened {
  readonly message: IncomingMessage
  readonly etag: string | null
  /** Waited for, so that an answer that brings nothing counts as a failed try. */
  readonly first: Uint8Array
  readonly chunks: AsyncIterable<Uint8Array>
}

async function openSpan(
  client: S3Client,
  { key, span, signal }: Reading,
  etag: string | null,
): Promise<Opened> {
  const message = await openAt(client, { key, span, signal }, etag)
  try {
    assertAnswers(message, key, span)
    const chunks = exactly(message, span.end - span.start)
    const { value: first } = await chunks.next()
    if (first === undefined) throw brokenOff('The answer of the store is empty', 'ECONNRESET')
    return { message, etag: message.headers.etag ?? etag, first, chunks }
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

/** Never more than was asked for, and an end before that is a breaking off. */
async function* exactly(message: IncomingMessage, length: number): AsyncGenerator<Uint8Array> {
  let left = length
  for await (const chunk of message as AsyncIterable<Buffer>) {
    if (chunk.byteLength > left) throw new Error('The store sent more bytes than it announced.')
    left -= chunk.byteLength
    yield chunk
  }
  if (left > 0) throw brokenOff(`The answer of the store lacks ${left} bytes`, 'ECONNRESET')
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

export function tooShort(key: string, { start, end }: ByteSpan): Error {
  return new Error(`The object ${key} is too short for its bytes ${start} to ${end}.`)
}

function replaced(key: string): Error {
  return new Error(`The object ${key} was replaced while it was read.`)
}
