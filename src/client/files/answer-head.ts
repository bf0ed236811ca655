import type { HttpFields } from '../http-answer.ts'

/** The head of an answer of HTTP/1 (RFC 9112). */
export interface AnswerHead {
  readonly status: number
  readonly fields: HttpFields
  /** How the end of the body is told; `none`: there is no body. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** Of the body; 0 when the framing is not `length`. */
  readonly length: number
  /** How long the connection may be idle and be used again afterwards, in ms; 0: not at all. */
  readonly idleMs: number
}

/** Some servers do not say how long they keep an idle connection, and few keep it shorter. */
const defaultIdleMs = 4000
/** A request must not meet a server that is closing. */
const marginMs = 2000

/**
 * @param text up to and without the empty line
 * @throws Error when it is none, or leaves doubt about where the body ends: then another answer could
 *   be hidden in it
 */
export function parseAnswerHead(text: string, method: string): AnswerHead {
  const lines = text.split('\r\n')
  const [, minor, code] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(lines[0] ?? '') ?? []
  if (minor === undefined || code === undefined) throw new Error('The answer is no HTTP/1')
  const status = Number(code)
  const fields = parseFields(lines)
  const { framing, length } = framingOf(fields, { status, method })
  // What ends with the connection closes it, also where the server does not say so (HTTP/1.0).
  if (framing === 'close') fields.set('connection', 'close')
  const isKept = framing !== 'close' && keeps(fields, minor)
  return {
    status,
    fields: {
      get: (name) => fields.get(name.toLowerCase()) ?? null,
      has: (name) => fields.has(name.toLowerCase()),
    },
    ...{ framing, length },
    idleMs: isKept ? idleOf(fields) : 0,
  }
}

/** By their names in lower case. */
type Fields = Map<string, string>

function parseFields(lines: readonly string[]): Fields {
  const fields = new Map<string, string>()
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new Error('The answer has a broken head')
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (/[\0\r\n]/.test(value)) throw new Error('The answer has a broken head')
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return fields
}

/** RFC 9112 §6.3. */
function framingOf(
  fields: Fields,
  { status, method }: { status: number; method: string },
): Pick<AnswerHead, 'framing' | 'length'> {
  const coding = fields.get('transfer-encoding') ?? null
  const length = fields.get('content-length') ?? null
  if (coding !== null && length !== null) throw new Error('The answer tells two lengths')
  if (length !== null && !/^\d{1,15}$/.test(length)) {
    throw new Error('The answer has a broken length')
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
    return { framing: 'none', length: 0 }
  }
  if (coding !== null) {
    if (coding.toLowerCase() !== 'chunked') throw new Error('The answer has an unknown coding')
    return { framing: 'chunked', length: 0 }
  }
  if (length === null) return { framing: 'close', length: 0 }
  return { framing: 'length', length: Number(length) }
}

function keeps(fields: Fields, minor: string): boolean {
  const connection = fields.get('connection') ?? ''
  return minor === '1' ? !/\bclose\b/i.test(connection) : /\bkeep-alive\b/i.test(connection)
}

function idleOf(fields: Fields): number {
  const seconds = /\btimeout=(\d{1,6})/i.exec(fields.get('keep-alive') ?? '')?.[1]
  if (seconds === undefined) return defaultIdleMs
  return Math.max(0, Number(seconds) * 1000 - marginMs)
}
