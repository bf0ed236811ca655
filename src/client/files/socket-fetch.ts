import type { HttpAnswer } from '../http-answer.ts'
import { createIncomingBody, type IncomingBody, readAll } from './answer-body.ts'
import { createUnframe, type Unframe } from './answer-framing.ts'
import { type AnswerHead, parseAnswerHead } from './answer-head.ts'
import { type Connection, openConnection } from './connection.ts'
import { decodeBody } from './decoded-body.ts'

/** Requests without a body over connections of our own, which are used again. */
export interface SocketFetch {
  /** As `fetch` does it with `redirect: 'manual'`. */
  fetch(url: string, init: RequestInit): Promise<HttpAnswer>
  /** Ends the connections that are idle. */
  close(): void
}

/**
 * HTTP/1.1 over `node:net` and `node:tls`, for files: of the processor time that a large file took by
 * way of Node's `fetch`, two thirds went into its streams, and so did half of a small file's.
 */
export function openSocketFetch(): SocketFetch {
  const idle = new Map<string, { connection: Connection; until: number }[]>()
  let isClosed = false

  /** The one that was used last: the server has kept it for the shortest time. */
  function take(origin: string): Connection | null {
    const found = idle.get(origin) ?? []
    for (let one = found.pop(); one !== undefined; one = found.pop()) {
      if (!one.connection.isOver && performance.now() < one.until) return one.connection
      one.connection.destroy()
    }
    return null
  }

  function putBack(origin: string, connection: Connection, idleMs: number): void {
    if (isClosed || idleMs === 0) return void connection.destroy()
    const until = performance.now() + idleMs
    const found = idle.get(origin)
    if (found === undefined) idle.set(origin, [{ connection, until }])
    else found.push({ connection, until })
  }

  return {
    async fetch(address, { method = 'GET', headers, body, signal }) {
      if (body !== undefined && body !== null) throw new TypeError('It sends no bodies')
      signal?.throwIfAborted()
      const url = new URL(address)
      const head = formatHead(url, method, headers as Readonly<Record<string, string>>)
      const connection = take(url.origin) ?? openConnection(url)
      return await receive(connection, {
        method,
        head,
        signal: signal ?? null,
        onFree: (idleMs) => putBack(url.origin, connection, idleMs),
      })
    },
    close() {
      isClosed = true
      for (const found of idle.values()) for (const { connection } of found) connection.destroy()
    },
  }
}

/** @throws TypeError when a value would end its line */
function formatHead(
  { host, pathname, search }: URL,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const fields = { host, accept: '*/*', 'user-agent': 'claimcheck', ...headers }
  let head = `${method} ${pathname}${search} HTTP/1.1\r\n`
  for (const [name, value] of Object.entries(fields)) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(`The field ${name} holds what no field may hold`)
    }
    head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}

interface Receiving {
  readonly method: string
  readonly head: string
  readonly signal: AbortSignal | null
  /** The answer has come to its end: another request may follow within so many ms. */
  onFree(idleMs: number): void
}

/** Longer ones are an attack. */
const longestHead = 65_536
/** Who watches for silence does it sooner; others must not wait for ever, in ms. */
const headMs = 300_000
const headEnd = '\r\n\r\n'

/** Sends a request. Resolves with the head of its answer; the body goes on. */
function receive(connection: Connection, request: Receiving): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const { signal, method } = request
  let begun: Buffer = Buffer.alloc(0)
  let answer: (Incoming & { idleMs: number }) | null = null

  const stop = () => fail(signal?.reason)
  const timer = setTimeout(() => fail(new Error('it does not begin to answer')), headMs)
  const detach = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    connection.listener = null
  }
  const fail = (error: unknown) => {
    detach()
    connection.destroy()
    if (answer === null) reject(error)
    else answer.incoming.fail(error)
  }
  const finish = (idleMs: number) => {
    detach()
    answer?.incoming.end()
    request.onFree(idleMs)
  }

  /** The head, after those of answers in between (1xx); null: there is more to come of it. */
  function takeHead(bytes: Buffer): Buffer | null {
    begun = begun.length === 0 ? bytes : Buffer.concat([begun, bytes])
    for (;;) {
      const end = begun.indexOf(headEnd)
      if ((end === -1 ? begun.length : end) > longestHead) throw new Error('The head is too long')
      if (end === -1) {
        // What came is overwritten by what comes.
        begun = Buffer.from(begun)
        return null
      }
      const head = parseAnswerHead(begun.toString('latin1', 0, end), method)
      if (head.status === 101) throw new Error('The server speaks another protocol')
      begun = begun.subarray(end + headEnd.length)
      if (head.status >= 200) return begin(head)
    }
  }

  /** What came behind the head. */
  function begin(head: AnswerHead): Buffer {
    const incoming = open(head, connection, fail)
    answer = { ...incoming, idleMs: head.idleMs }
    clearTimeout(timer)
    resolve(incoming.answer)
    const rest = begun
    begun = Buffer.alloc(0)
    return rest
  }

  function take(bytes: Buffer): boolean {
    const rest = answer === null ? takeHead(bytes) : bytes
    if (rest === null || answer === null) return true
    const { unframe, incoming, idleMs } = answer
    let hasRoom = true
    const left = unframe(rest, (chunk) => {
      hasRoom = incoming.push(chunk)
    })
    // Bytes that nobody asked for: nothing after them can be trusted.
    if (left !== null) finish(left.length > 0 ? 0 : idleMs)
    return left === null ? hasRoom : true
  }

  connection.listener = {
    onBytes(bytes) {
      try {
        return take(bytes)
      } catch (error) {
        fail(error)
        return false
      }
    },
    onEnd(error) {
      if (error === null && answer?.endsWithConnection === true) finish(0)
      else fail(error ?? new Error('The connection was closed'))
    },
  }
  signal?.addEventListener('abort', stop, { once: true })
  connection.write(request.head)
  return promise
}

interface Incoming {
  readonly answer: HttpAnswer
  readonly incoming: IncomingBody
  readonly unframe: Unframe
  readonly endsWithConnection: boolean
}

function open(head: AnswerHead, connection: Connection, fail: (error: unknown) => void): Incoming {
  const { status, fields, framing } = head
  const incoming = createIncomingBody({
    resume: connection.resume,
    cancel: () => fail(new Error('It was let go')),
    hold: connection.hold,
    release: connection.release,
  })
  const coding = fields.get('content-encoding')
  const body =
    coding === null || framing === 'none' ? incoming.body : decodeBody(incoming.body, coding)
  const answer = {
    ...{ status, ok: status >= 200 && status < 300, type: 'default', url: '', headers: fields },
    body: framing === 'none' ? null : body,
    arrayBuffer: () => readAll(answer.body),
  }
  const endsWithConnection = framing === 'close'
  return { answer, incoming, unframe: createUnframe(head), endsWithConnection }
}
