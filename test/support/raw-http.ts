import { connect } from 'node:net'

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number
  /** Lower-case names; the values of a repeated field joined by `, `. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Was the body as long as Content-Length says (for 304 and HEAD: empty)? */
  readonly whole: boolean
}

export interface RawRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends one request over a socket of its own and reads until the server closes it; nothing is interpreted. */
export async function ask(port: number, request: RawRequest = {}): Promise<RawAnswer> {
  const { method = 'GET', path = '/', headers = {} } = request
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, Connection: 'close', ...headers })
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return parseAnswer(await exchange(port, `${method} ${path} HTTP/1.1\r\n${text}\r\n`), method)
}

/** Everything that a server sends to these bytes until the connection ends, well or badly. */
export function exchange(port: number, text: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A broken connection is an answer, too: `whole` tells.
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

export function parseAnswer(raw: Buffer, method = 'GET'): RawAnswer {
  const end = raw.indexOf('\r\n\r\n')
  if (end < 0) throw new Error(`No header came, only ${raw.length} bytes.`)
  const [statusLine = '', ...lines] = raw.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  const status = Number(statusLine.split(' ')[1])
  const body = raw.subarray(end + 4)
  const length = method === 'HEAD' || status === 304 ? 0 : Number(headers.get('content-length'))
  return { status, headers, body, whole: body.length === length }
}

export interface BytePart {
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** Takes a multipart/byteranges body apart by its boundary. */
export function parseByteranges(answer: RawAnswer): BytePart[] {
  const type = answer.headers.get('content-type') ?? ''
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(type)?.[1]
  if (boundary === undefined) throw new Error(`${type} is not multipart/byteranges.`)
  const parts: BytePart[] = []
  let rest = answer.body
  for (let first = true; ; first = false) {
    const opening = Buffer.from(`${first ? '' : '\r\n'}--${boundary}`)
    if (rest.subarray(0, opening.length).compare(opening) !== 0) throw new Error('No boundary.')
    rest = rest.subarray(opening.length)
    if (rest.toString('latin1') === '--\r\n') return parts
    const part = parseAnswer(Buffer.concat([Buffer.from('HTTP/1.1 206'), rest]))
    const range = /^bytes (\d+)-(\d+)\//.exec(part.headers.get('content-range') ?? '')
    const length = Number(range?.[2]) - Number(range?.[1]) + 1
    parts.push({ headers: part.headers, body: part.body.subarray(0, length) })
    rest = part.body.subarray(length)
  }
}
