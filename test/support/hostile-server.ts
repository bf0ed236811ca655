import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'

/** What goes wrong with one answer. */
export type Fault =
  /** The socket goes before any answer. */
  | { kind: 'refuse' }
  /** The head is sent, and nothing of the body. */
  | { kind: 'cut-after-head' }
  /** The socket goes after so many bytes of the body. */
  | { kind: 'cut'; after: number }
  | { kind: 'busy'; status: 429 | 503; retryAfter: 'seconds' | 'date' | 'none' }
  | { kind: 'error'; status: 500 | 502 | 504 }
  /** Content-Length says more than comes, or less. */
  | { kind: 'long-length' }
  | { kind: 'short-length' }
  | { kind: 'html' }
  | { kind: 'gzip' }
  | { kind: 'expired'; status: 400 | 401 | 403; code: string; message: string | null }
  /** Another byte in the middle. */
  | { kind: 'flip' }
  /** The bytes of another part than was asked for, with an honest Content-Range. */
  | { kind: 'wrong-range' }
  /** 206 without Content-Range. */
  | { kind: 'bare-206' }
  | { kind: 'redirect'; to: string }

export interface HostileFile {
  bytes: Uint8Array
  /** null: none is sent. */
  etag: string | null
  mediaType?: string
  /** Repr-Digest is sent. */
  digest?: boolean
  disposition?: string
  /** Range is ignored. */
  noRanges?: boolean
  /** If-Range is ignored, as Ceph does. */
  noIfRange?: boolean
  /** Neither length nor chunks: the end of the connection is the end of the file. */
  noLength?: boolean
  chunked?: boolean
}

/** A request as it came. */
export interface SeenRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  /** What went wrong with its answer; null: nothing. */
  fault: Fault['kind'] | null
  status: number
}

export interface HostileServer {
  readonly url: string
  readonly seen: SeenRequest[]
  /** By path without the query. */
  readonly files: Map<string, HostileFile>
  /** Asked before each answer of a file; null: answer as one should. */
  fault: (path: string, request: IncomingMessage) => Fault | null
  /** Called with each answer that has begun to be sent in full. */
  onAnswer: (path: string, request: IncomingMessage) => void
  /** Other answers: true when it took the request. */
  handle: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** A file server that does to its clients whatever a test says; closed with the test. */
export async function startHostileServer(t: Pick<TestContext, 'after'>): Promise<HostileServer> {
  const server: { -readonly [K in keyof HostileServer]: HostileServer[K] } = {
    url: '',
    seen: [],
    files: new Map(),
    fault: () => null,
    onAnswer() {},
    handle: () => false,
  }
  const listening = createServer((request, response) => answer(server, request, response))
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    listening.closeAllConnections()
    return new Promise((resolve) => listening.close(resolve))
  })
  server.url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
  return server
}

/** Bytes that tell where they belong. */
export function someBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed | 0 || 1
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    bytes[at] = state >>> 16
  }
  return bytes
}

const digests = new WeakMap<Uint8Array, string>()

function digestOf(bytes: Uint8Array): string {
  const known = digests.get(bytes) ?? createHash('sha256').update(bytes).digest('base64')
  digests.set(bytes, known)
  return known
}

export function etagOf(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
}

function answer(server: HostileServer, request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '', headers } = request
  const path = url.split('?', 1)[0] ?? ''
  const seen: SeenRequest = { method, path, headers, fault: null, status: 0 }
  server.seen.push(seen)
  response.on('finish', () => {
    seen.status = response.statusCode
  })
  if (server.handle(request, response)) return
  const file = server.files.get(decodeURIComponent(path))
  if (file === undefined) return void response.writeHead(404).end('There is no such file.')
  const fault = server.fault(path, request)
  seen.fault = fault?.kind ?? null
  const isHandled = fault !== null && refuse(fault, response)
  if (isHandled) return
  server.onAnswer(path, request)
  send(file, { request, response, fault })
}

/** Faults that are an answer of their own. */
function refuse(fault: Fault, response: ServerResponse): boolean {
  if (fault.kind === 'refuse') response.destroy()
  else if (fault.kind === 'busy') {
    const after = { seconds: '1', date: new Date(Date.now() + 2000).toUTCString(), none: null }
    const field = after[fault.retryAfter]
    response.writeHead(fault.status, field === null ? {} : { 'retry-after': field }).end()
  } else if (fault.kind === 'error') response.writeHead(fault.status).end('Oops')
  else if (fault.kind === 'html') {
    const page = '<!DOCTYPE html><html><body>Request Rejected</body></html>'
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length })
    response.end(page)
  } else if (fault.kind === 'expired') {
    const message = fault.message === null ? '' : `<Message>${fault.message}</Message>`
    response.writeHead(fault.status, { 'content-type': 'application/xml' })
    response.end(`<?xml version="1.0"?><Error><Code>${fault.code}</Code>${message}</Error>`)
  } else if (fault.kind === 'redirect') response.writeHead(302, { location: fault.to }).end()
  else return false
  return true
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fault: Fault | null
}

function send(file: HostileFile, { request, response, fault }: Exchange): void {
  let { bytes } = file
  const range = rangeOf(file, request)
  let start = range?.start ?? 0
  let end = range?.end ?? bytes.length
  if (start >= bytes.length && range !== null) {
    return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  }
  if (fault?.kind === 'wrong-range' && range !== null) {
    start = Math.max(0, start - 1)
    end = Math.max(start + 1, end - 1)
  }
  const fields: Record<string, string | number> = {
    'content-type': file.mediaType ?? 'application/octet-stream',
    ...(file.etag === null ? {} : { etag: file.etag }),
    ...(file.noRanges === true ? {} : { 'accept-ranges': 'bytes' }),
    ...(file.disposition === undefined ? {} : { 'content-disposition': file.disposition }),
  }
  if (file.digest === true) {
    fields['repr-digest'] = `sha-256=:${digestOf(bytes)}:`
  }
  if (fault?.kind === 'flip') {
    bytes = Uint8Array.from(bytes)
    const at = Math.floor((start + end) / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1
  }
  let body = bytes.subarray(start, end)
  if (fault?.kind === 'gzip' && range === null) {
    body = gzipSync(body)
    fields['content-encoding'] = 'gzip'
  }
  let length = body.length
  if (fault?.kind === 'long-length') length += 10
  if (fault?.kind === 'short-length') length = Math.max(0, length - 10)
  if (file.noLength === true) {
    fields.connection = 'close'
    response.useChunkedEncodingByDefault = false
  } else if (file.chunked !== true) fields['content-length'] = length
  const isPart = range !== null || fault?.kind === 'bare-206'
  if (isPart && fault?.kind !== 'bare-206') {
    fields['content-range'] = `bytes ${start}-${end - 1}/${bytes.length}`
  }
  response.strictContentLength = false
  response.writeHead(isPart ? 206 : 200, fields)
  write(body.subarray(0, Math.min(body.length, length)), response, fault)
}

function write(body: Uint8Array, response: ServerResponse, fault: Fault | null): void {
  if (fault?.kind === 'cut-after-head') {
    response.flushHeaders()
    setImmediate(() => response.destroy())
  } else if (fault?.kind === 'cut') {
    const cut = body.subarray(0, fault.after)
    response.write(cut, () => setImmediate(() => response.destroy()))
  } else if (fault?.kind === 'long-length') {
    response.write(body, () => setImmediate(() => response.destroy()))
  } else response.end(body)
}

function rangeOf(
  file: HostileFile,
  { headers }: IncomingMessage,
): { start: number; end: number } | null {
  const found = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (found === null || file.noRanges === true) return null
  const condition = headers['if-range']
  if (condition !== undefined && condition !== file.etag && file.noIfRange !== true) return null
  const last = found[2] === '' ? file.bytes.length - 1 : Number(found[2])
  return { start: Number(found[1]), end: Math.min(last + 1, file.bytes.length) }
}
