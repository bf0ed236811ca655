import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../core/clock.ts'
import type { ByteSpan, Content } from '../core/content.ts'
import { answerContent } from './content-answer.ts'
import {
  type ContentBody,
  type ContentFieldOptions,
  contentFields,
  notModifiedFields,
  refusalFields,
} from './content-fields.ts'
import { frameByteranges } from './multipart-byteranges.ts'
import { ResponseWriter } from './response-writer.ts'

export interface SendOptions extends ContentFieldOptions {
  /**
   * Told which bytes were handed to the network: for each span what went out of it, the whole or less
   * when the transfer broke; of a long one in pieces that follow each other, every 32 MiB, so that a
   * server that dies has told nearly all. An empty file that went out is told as 0 to 0.
   */
  readonly onSent?: (span: ByteSpan) => void
  /** Breaks the connection when it aborts. */
  readonly signal?: AbortSignal
  /** A client that takes nothing for so long is dropped, in ms; two minutes when not given. */
  readonly stallMilliseconds?: number
  readonly now?: Clock
}

export interface SendResult {
  readonly status: 200 | 206 | 304 | 412 | 416
  /** Bytes of the content that were handed to the network, frames and headers not counted. */
  readonly bytesSent: number
  /** `aborted`: the client or the signal ended it. `failed`: the content could not be read. */
  readonly outcome: 'complete' | 'aborted' | 'failed'
  /** Why it failed, for the log; else `null`. */
  readonly error: unknown
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly content: Content
  readonly options: SendOptions
}

/**
 * Up to this length a body is read before its header is written: it goes out in one system call, and
 * when it cannot be read the caller can still answer so. Longer ones flow.
 */
const smallBytes = 64 * 1024

/**
 * Up to this length it is written as one string together with its header, which costs less than a
 * vector of two; above, copying costs more (64 KiB: 80 against 40 µs of processor time).
 */
const textBytes = 16 * 1024

const stallMilliseconds = 120_000

/** How often `onSent` is told of a long span. */
const toldBytes = 32 * 1024 * 1024

/**
 * Answers a request with a content: 200, 206, 304, 412 or 416 by RFC 9110, GET and HEAD, one or many
 * ranges. It writes to the raw response (behind Fastify: after `reply.hijack()`). A body is as long
 * as its Content-Length says or the connection is broken; it never ends short and clean.
 * @throws whatever the content throws before the first byte was sent: nothing is written then, and
 * the caller may still answer with an error of its own
 */
export async function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  content: Content,
  options: SendOptions,
): Promise<SendResult> {
  const exchange = { request, response, content, options }
  const { method, headers } = request
  const answer = answerContent({ method, headers, now: (options.now ?? systemClock)() }, content)
  if (answer.status === 304) {
    response.writeHead(304, notModifiedFields(content, options)).end()
    return complete(304, 0)
  }
  if (!('spans' in answer)) return refuse(exchange, answer.status)
  const { status, spans } = answer
  const frames = spans.length > 1 ? frameByteranges(content, spans) : null
  const body = { status, spans, frames }
  const fields = contentFields(content, body, { request: headers, options })
  if (method === 'HEAD') {
    response.writeHead(status, fields).end()
    return complete(status, 0)
  }
  const [span] = spans
  if (span !== undefined && frames === null && span.end - span.start <= smallBytes) {
    return sendSmall(exchange, { status, span, fields })
  }
  return sendChunks(exchange, body, fields)
}

function complete(status: SendResult['status'], bytesSent: number): SendResult {
  return { status, bytesSent, outcome: 'complete', error: null }
}

function refuse({ response, content, options }: Exchange, status: 412 | 416): SendResult {
  const sentence =
    status === 412
      ? 'The file is not the one that the conditions of the request name. Ask for it without them to get the current one.\n'
      : `The file has ${content.size} bytes, and the range asked for lies beyond them.\n`
  response.writeHead(status, refusalFields(content, { status, sentence }, options)).end(sentence)
  return complete(status, 0)
}

interface SmallBody {
  readonly status: 200 | 206
  readonly span: ByteSpan
  readonly fields: string[]
}

async function sendSmall(exchange: Exchange, body: SmallBody): Promise<SendResult> {
  const { status, span } = body
  const length = span.end - span.start
  const send = length <= textBytes ? sendText : sendBytes
  const taken = await send(exchange, body)
  if (!taken) return { status, bytesSent: 0, outcome: 'aborted', error: null }
  exchange.options.onSent?.(span)
  return complete(status, length)
}

async function sendText(exchange: Exchange, body: SmallBody): Promise<boolean> {
  const { content, options } = exchange
  const { span } = body
  let text = ''
  if (span.end > span.start) {
    for await (const chunk of content.read(span, options.signal)) text += toLatin1(chunk)
  }
  assertLength(text.length, span)
  return await endWith(exchange, body, text)
}

async function sendBytes(exchange: Exchange, body: SmallBody): Promise<boolean> {
  const { content, options } = exchange
  const { span } = body
  const length = span.end - span.start
  let taken: boolean | null = null
  let gathered: Buffer | null = null
  let done = 0
  for await (const chunk of content.read(span, options.signal)) {
    if (done + chunk.byteLength > length) break
    if (chunk.byteLength === length) {
      taken = await endWith(exchange, body, chunk)
    } else {
      gathered ??= Buffer.allocUnsafe(length)
      gathered.set(chunk, done)
    }
    done += chunk.byteLength
  }
  assertLength(done, span)
  return taken ?? (await endWith(exchange, body, gathered ?? ''))
}

/** Header and body at once; `false` when the client went before the network had them. */
function endWith(
  { request, response, options }: Exchange,
  { status, fields }: SmallBody,
  bytes: Uint8Array | string,
): Promise<boolean> {
  const { socket } = request
  return new Promise((resolve) => {
    if (socket.destroyed || response.destroyed) return resolve(false)
    const onGone = (): void => resolve(false)
    response.once('close', onGone)
    // A pipelined response that has no socket yet does not hear that the connection has closed.
    if (response.socket === null) socket.once('close', onGone)
    response.writeHead(status, fields)
    response.end(bytes, 'latin1', () => resolve(!socket.destroyed))
    if (socket.writableLength > 0) socket.setTimeout(options.stallMilliseconds ?? stallMilliseconds)
  })
}

/** One character a byte: how a string carries bytes. */
function toLatin1(chunk: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = chunk
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

async function sendChunks(
  exchange: Exchange,
  body: ContentBody,
  fields: string[],
): Promise<SendResult> {
  const { request, response, options } = exchange
  const { status } = body
  const stop = new AbortController()
  const writer = new ResponseWriter(request, response, () => stop.abort())
  const onAbort = (): void => writer.destroy()
  options.signal?.addEventListener('abort', onAbort)
  const progress = { bytesSent: 0 }
  try {
    options.signal?.throwIfAborted()
    request.socket.setTimeout(options.stallMilliseconds ?? stallMilliseconds)
    const whole = await writeBody(exchange, body, { fields, writer, progress, signal: stop.signal })
    return { status, ...progress, outcome: whole ? 'complete' : 'aborted', error: null }
  } catch (error) {
    if (writer.isGone) return { status, ...progress, outcome: 'aborted', error: null }
    if (!response.headersSent) throw error
    writer.destroy()
    return { status, ...progress, outcome: 'failed', error }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    writer.release()
  }
}

interface Writing {
  readonly fields: string[]
  readonly writer: ResponseWriter
  readonly progress: { bytesSent: number }
  readonly signal: AbortSignal
}

/** `false` when the connection went before the end. The header waits for the first chunk, which may fail. */
async function writeBody(
  { response, content, options }: Exchange,
  { status, spans, frames }: ContentBody,
  { fields, writer, progress, signal }: Writing,
): Promise<boolean> {
  for (const [index, span] of spans.entries()) {
    let head = frames?.heads[index] ?? ''
    let sent = 0
    let told = 0
    const tell = (): void => {
      if (sent > told) options.onSent?.({ start: span.start + told, end: span.start + sent })
      told = sent
    }
    try {
      for await (const chunk of content.read(span, signal)) {
        if (sent + chunk.byteLength > span.end - span.start) assertLength(Infinity, span)
        if (!response.headersSent && !writer.isGone) response.writeHead(status, fields)
        if (!(await writer.write(chunk, head))) return false
        head = ''
        sent += chunk.byteLength
        if (sent - told >= toldBytes) tell()
      }
      assertLength(sent, span)
    } finally {
      progress.bytesSent += sent
      tell()
    }
  }
  return writer.end(frames?.tail ?? '')
}

/** Whoever made the content broke its promise: the client must not get a body of another length. */
function assertLength(length: number, span: ByteSpan): void {
  if (length === span.end - span.start) return
  throw new Error(
    `The content gave ${length} bytes for its bytes ${span.start} to ${span.end}. It has changed or is damaged.`,
  )
}
