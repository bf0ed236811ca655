import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ByteSpan, Content } from '../../src/core/content.ts'
import { formatHttpDate } from '../../src/http/http-date.ts'
import { type SendOptions, type SendResult, sendContent } from '../../src/http/send-content.ts'
import { ask, parseByteranges, type RawAnswer, type RawRequest } from '../support/raw-http.ts'
import { sized } from '../support/size.ts'

/** A content and what it must give; over 1000 bytes, last modified more than a second ago. */
export interface ContentSample {
  readonly content: Content
  readonly bytes: Buffer
}

export type MakeContent = (t: TestContext) => Promise<ContentSample>

/** A content behind a real server, and what `sendContent` said of each answer. */
export interface ServedContent extends ContentSample {
  readonly port: number
  readonly results: SendResult[]
  readonly sent: ByteSpan[]
  ask(request?: RawRequest): Promise<RawAnswer>
}

/** Serves a content at every path of a port of its own until the test ends. */
export async function serve(
  t: TestContext,
  sample: ContentSample,
  options: Partial<SendOptions> = {},
): Promise<ServedContent> {
  const results: SendResult[] = []
  const sent: ByteSpan[] = []
  const server = createServer((request, response) => {
    sendContent(request, response, sample.content, {
      fileName: 'report.csv',
      disposition: 'attachment',
      onSent: (span) => sent.push(span),
      ...options,
    }).then(
      (result) => results.push(result),
      () => response.writeHead(500, { 'content-length': 0 }).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { ...sample, port, results, sent, ask: (request) => ask(port, request) }
}

type Headers = Record<string, string>

/** One line of the table. */
interface Row {
  readonly title: string
  readonly method?: string
  headers(content: Content): Headers
  readonly status: number
  /** The slice that a 206 gives; the whole when it is not said. */
  readonly slice?: (size: number) => readonly [number, number]
}

const whole = (title: string, headers: Row['headers']): Row => ({ title, headers, status: 200 })
const range = (field: string, slice: NonNullable<Row['slice']>): Row => ({
  title: `§14.1.2 Range: ${field}`,
  headers: () => ({ Range: field }),
  status: 206,
  slice,
})
const bare = (title: string, status: number, headers: Row['headers']): Row => ({
  title,
  headers,
  status,
})
const always = (headers: Headers) => () => headers
const shifted = (content: Content, seconds: number): string =>
  formatHttpDate(new Date(content.lastModified.getTime() + seconds * 1000))
const huge = '9007199254740993'

/** The twelve defects that a popular server showed to the same questions. */
const knownDefects: Row[] = [
  bare('defect 1: If-None-Match with a list that holds the tag', 304, (content) => ({
    'If-None-Match': `"other", ${content.etag}`,
  })),
  bare('defect 2: If-None-Match with the tag marked weak', 304, (content) => ({
    'If-None-Match': `W/${content.etag}`,
  })),
  bare('defect 3: If-None-Match: *', 304, always({ 'If-None-Match': '*' })),
  whole('defect 4: If-None-Match that does not match beats If-Modified-Since', () => ({
    'If-None-Match': '"other"',
    'If-Modified-Since': 'Tue, 05 Jan 2038 00:00:00 GMT',
  })),
  bare('defect 5: If-Modified-Since with its own Last-Modified', 304, (content) => ({
    'If-Modified-Since': formatHttpDate(content.lastModified),
  })),
  bare('defect 6: If-Match that does not match', 412, always({ 'If-Match': '"other"' })),
  bare('defect 7: If-Unmodified-Since before Last-Modified', 412, () => ({
    'If-Unmodified-Since': 'Fri, 01 Jan 1999 00:00:00 GMT',
  })),
  whole('defect 8: If-Range that does not match, or two files would be glued together', () => ({
    Range: 'bytes=0-9',
    'If-Range': '"other"',
  })),
  whole('defect 9: a unit that is not known', always({ Range: 'items=0-1' })),
  whole('defect 10: a Range that is none', always({ Range: 'bytes=abc' })),
  bare('defect 11: 416 tells the length', 416, always({ Range: 'bytes=99999999999-' })),
]

const preconditions: Row[] = [
  bare('§13.1.2 If-None-Match exact', 304, ({ etag }) => ({ 'If-None-Match': etag })),
  whole('§13.1.2 If-None-Match without quotes is no tag', ({ etag }) => ({
    'If-None-Match': etag.replaceAll('"', ''),
  })),
  whole('§13.1.3 If-Modified-Since before Last-Modified', (content) => ({
    'If-Modified-Since': shifted(content, -1),
  })),
  whole('§13.1.3 If-Modified-Since that is no date', always({ 'If-Modified-Since': 'yesterday' })),
  whole('§13.1.1 If-Match in a list', ({ etag }) => ({ 'If-Match': `"a,b" , ${etag}` })),
  whole('§13.1.1 If-Match: *', always({ 'If-Match': '*' })),
  bare('§13.1.1 If-Match compares strongly', 412, ({ etag }) => ({ 'If-Match': `W/${etag}` })),
  bare('§13.1.1 If-Match that cannot be read', 412, always({ 'If-Match': 'nonsense' })),
  whole('§13.1.4 If-Unmodified-Since with its own Last-Modified', (content) => ({
    'If-Unmodified-Since': formatHttpDate(content.lastModified),
  })),
  whole('§13.1.4 If-Unmodified-Since that is no date', always({ 'If-Unmodified-Since': '1999' })),
  whole('§13.2.2 If-Match makes If-Unmodified-Since not count', ({ etag }) => ({
    'If-Match': etag,
    'If-Unmodified-Since': 'Fri, 01 Jan 1999 00:00:00 GMT',
  })),
  bare('§13.2.2 If-Match comes before If-None-Match', 412, ({ etag }) => ({
    'If-Match': '"other"',
    'If-None-Match': etag,
  })),
  bare('§13.2.2 conditions come before Range', 304, ({ etag }) => ({
    'If-None-Match': etag,
    Range: 'bytes=0-9',
  })),
  bare('§13.2.2 a failed condition beats an unsatisfiable Range', 412, () => ({
    'If-Match': '"other"',
    Range: `bytes=${huge}-`,
  })),
]

const ranges: Row[] = [
  range('bytes=0-9', () => [0, 10]),
  range('bytes=0-0', () => [0, 1]),
  range('bytes=0-', (size) => [0, size]),
  range('bytes=500-', (size) => [500, size]),
  range('bytes=-1', (size) => [size - 1, size]),
  range('bytes=-500', (size) => [size - 500, size]),
  range(`bytes=-${huge}`, (size) => [0, size]),
  range(`bytes=3-${huge}`, (size) => [3, size]),
  range(`bytes=3-${'9'.repeat(400)}`, (size) => [3, size]),
  range('BYTES=7-8', () => [7, 9]),
  range('bytes=007-8', () => [7, 9]),
  range('bytes=,7-8,', () => [7, 9]),
  range(`bytes=7-8, ${huge}-`, () => [7, 9]),
  range('bytes=0-99,50-149', () => [0, 150]),
  range('bytes=50-149,0-99,-0', () => [0, 150]),
  bare('§14.1.2 Range: bytes=-0 is not satisfiable', 416, always({ Range: 'bytes=-0' })),
  bare('§14.1.2 Range beyond 2^53', 416, always({ Range: `bytes=${huge}-${huge}0` })),
  ...['bytes', 'bytes=', 'bytes=-', 'bytes=5-2', 'bytes=0-1,5-2', 'bytes=1-2-3', 'bytes=--1'].map(
    (field) => whole(`§14.1.1 Range: ${field} is none`, always({ Range: field })),
  ),
  ...['bytes=0x1-2', 'bytes=1 -2', 'bytes=+1-2', 'bytes=1e1-', 'bytes=0-1, bytes=2-3'].map(
    (field) => whole(`§14.1.1 Range: ${field} is none`, always({ Range: field })),
  ),
  whole('§17.15 ten thousand bytes of ranges', () => ({
    Range: `bytes=${Array.from({ length: 2000 }, (_, index) => `${index}-`).join(',')}`,
  })),
  { ...whole('§14.2 Range on HEAD', always({ Range: 'bytes=0-9' })), method: 'HEAD' },
  { ...whole('§14.2 Range on POST', always({ Range: 'bytes=0-9' })), method: 'POST' },
]

const ifRange: Row[] = [
  {
    title: '§13.1.5 If-Range with the tag',
    headers: ({ etag }) => ({ Range: 'bytes=5-9', 'If-Range': etag }),
    status: 206,
    slice: () => [5, 10],
  },
  {
    title: '§13.1.5 If-Range with exactly Last-Modified',
    headers: (content) => ({
      Range: 'bytes=5-9',
      'If-Range': formatHttpDate(content.lastModified),
    }),
    status: 206,
    slice: () => [5, 10],
  },
  whole('§13.1.5 If-Range with the tag marked weak', ({ etag }) => ({
    Range: 'bytes=5-9',
    'If-Range': `W/${etag}`,
  })),
  whole('§13.1.5 If-Range with a later date', (content) => ({
    Range: 'bytes=5-9',
    'If-Range': shifted(content, 1),
  })),
  whole('§13.1.5 If-Range with nonsense', () => ({ Range: 'bytes=5-9', 'If-Range': 'x' })),
  whole('§13.1.5 If-Range without Range', ({ etag }) => ({ 'If-Range': etag })),
  whole('§13.1.5 If-Range that fails makes an unsatisfiable Range not count', () => ({
    Range: `bytes=${huge}-`,
    'If-Range': '"other"',
  })),
]

const others: Row[] = [
  whole('Accept-Encoding changes nothing', always({ 'Accept-Encoding': 'gzip, br, zstd' })),
  { ...whole('§9.3.2 HEAD', always({})), method: 'HEAD' },
  whole('§9.3.1 GET', always({})),
]

/** What HTTP asks of any content that is delivered: the same questions to each kind of it. */
export function describeContentAnswers(name: string, makeContent: MakeContent): void {
  describe(`${name} over HTTP`, () => {
    for (const row of [...knownDefects, ...preconditions, ...ranges, ...ifRange, ...others]) {
      it(`${row.title}: ${row.status}`, async (t) => {
        const served = await serve(t, await makeContent(t))
        const { method = 'GET', headers } = row
        const answer = await served.ask({ method, headers: headers(served.content) })
        assert.equal(answer.status, row.status)
        assert.ok(answer.whole || row.status === 412 || row.status === 416)
        checkFields(row, answer, served)
      })
    }
    describeBodies(makeContent)
  })
}

function checkFields(row: Row, answer: RawAnswer, { content, bytes, sent }: ServedContent): void {
  const { headers, body } = answer
  assert.equal(headers.get('etag'), content.etag)
  assert.match(headers.get('cache-control') ?? '', /private/)
  if (row.status === 416) assert.equal(headers.get('content-range'), `bytes */${bytes.length}`)
  if (row.status > 299) {
    assert.deepEqual(sent, [])
    return
  }
  assert.equal(headers.get('accept-ranges'), 'bytes')
  assert.equal(headers.get('content-type'), content.mediaType)
  assert.equal(headers.get('last-modified'), formatHttpDate(content.lastModified))
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('content-security-policy'), "sandbox; default-src 'none'")
  assert.equal(headers.get('content-encoding'), undefined)
  assert.equal(headers.get('transfer-encoding'), undefined)
  const { sha256 } = content.digests
  const digest = sha256 && `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
  assert.equal(headers.get('repr-digest'), digest)
  const [start, end] = row.slice?.(bytes.length) ?? [0, bytes.length]
  assert.equal(headers.get('content-length'), String(end - start))
  const contentRange = row.slice && `bytes ${start}-${end - 1}/${bytes.length}`
  assert.equal(headers.get('content-range'), contentRange)
  if (row.method === 'HEAD') {
    assert.equal(body.length, 0)
    assert.deepEqual(sent, [])
    return
  }
  assert.ok(body.equals(bytes.subarray(start, end)))
  assert.deepEqual(sent, [{ start, end }])
}

function describeBodies(makeContent: MakeContent): void {
  it('gives any range as the slice of the whole', async (t) => {
    const served = await serve(t, await makeContent(t))
    const size = served.bytes.length
    const position = fc.integer({ min: 0, max: size + 10 })
    const property = fc.asyncProperty(position, position, async (one, two) => {
      const [first, last] = one <= two ? [one, two] : [two, one]
      const answer = await served.ask({ headers: { Range: `bytes=${first}-${last}` } })
      assert.equal(answer.status, first >= size ? 416 : 206)
      if (first < size) assert.ok(answer.body.equals(served.bytes.subarray(first, last + 1)))
    })
    await fc.assert(property, { numRuns: sized(60, 1000) })
  })

  it('gives several ranges as multipart/byteranges, in the order asked', async (t) => {
    const served = await serve(t, await makeContent(t))
    const { bytes } = served
    const answer = await served.ask({ headers: { Range: 'bytes=500-599,0-0,-3,200-' } })
    const joined = await served.ask({ headers: { Range: 'bytes=-3, 300-399, 0-9' } })
    assert.equal(answer.status, 206)
    assert.ok(answer.whole && joined.whole)
    assert.equal(answer.headers.get('content-range'), undefined)
    assert.equal(answer.headers.get('etag'), served.content.etag)
    const expected = [
      [200, bytes.length],
      [0, 1],
    ] as const
    checkParts(parseByteranges(answer), expected, served)
    const three = [
      [bytes.length - 3, bytes.length],
      [300, 400],
      [0, 10],
    ] as const
    checkParts(parseByteranges(joined), three, served)
    const spans = [...expected, ...three].map(([start, end]) => ({ start, end }))
    assert.deepEqual(served.sent, spans)
  })

  it('sends no more than the whole, whatever ranges are asked', async (t) => {
    const served = await serve(t, await makeContent(t))
    const position = fc.integer({ min: 0, max: served.bytes.length })
    const specifier = fc
      .tuple(position, position)
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
    const specifiers = fc.array(specifier, { minLength: 2, maxLength: 64 })
    const property = fc.asyncProperty(specifiers, async (asked) => {
      served.sent.length = 0
      const answer = await served.ask({ headers: { Range: `bytes=${asked.join(',')}` } })
      assert.ok(answer.status === 206 || answer.status === 416)
      const sum = served.sent.reduce((total, { start, end }) => total + end - start, 0)
      assert.ok(sum <= served.bytes.length)
      if (answer.headers.get('content-type')?.startsWith('multipart') !== true) return
      const spans = served.sent.map(({ start, end }) => [start, end] as const)
      checkParts(parseByteranges(answer), spans, served)
    })
    await fc.assert(property, { numRuns: sized(40, 500) })
  })

  it('RFC 9530: negotiates digests by Want- fields, and they are those of the bytes', async (t) => {
    const served = await serve(t, await makeContent(t))
    const { sha256 } = served.content.digests
    if (sha256 === undefined) return t.skip('its digest is not known')
    assert.equal(sha256, createHash('sha256').update(served.bytes).digest('hex'))
    const sha = Buffer.from(sha256, 'hex').toString('base64')
    const table: [Headers, string, string | undefined][] = [
      [{ 'Want-Repr-Digest': 'sha-512=10, sha-256=1' }, 'repr-digest', `sha-256=:${sha}:`],
      [{ 'Want-Repr-Digest': 'sha-256=0' }, 'repr-digest', undefined],
      [{ 'Want-Repr-Digest': 'nonsense' }, 'repr-digest', `sha-256=:${sha}:`],
      [{ 'Want-Content-Digest': 'sha-256=5' }, 'content-digest', `sha-256=:${sha}:`],
      [{ 'Want-Content-Digest': 'sha-256=5', Range: 'bytes=0-9' }, 'content-digest', undefined],
      [{ 'Want-Digest': 'SHA-512;q=1, SHA-256;q=1, SHA;q=0.1' }, 'digest', `SHA-256=${sha}`],
      [{ 'Want-Digest': 'SHA-256', Range: 'bytes=0-9' }, 'digest', `SHA-256=${sha}`],
      [{}, 'digest', undefined],
      [{}, 'content-digest', undefined],
    ]
    for (const [headers, name, expected] of table) {
      const answer = await served.ask({ headers })
      assert.equal(answer.headers.get(name), expected, `${JSON.stringify(headers)} → ${name}`)
    }
  })
}

function checkParts(
  parts: ReturnType<typeof parseByteranges>,
  expected: readonly (readonly [number, number])[],
  { bytes, content }: ContentSample,
): void {
  assert.equal(parts.length, expected.length)
  for (const [index, [start, end]] of expected.entries()) {
    const part = parts[index]
    const range = `bytes ${start}-${end - 1}/${bytes.length}`
    assert.equal(part?.headers.get('content-range'), range)
    assert.equal(part?.headers.get('content-type'), content.mediaType)
    assert.ok(part?.body.equals(bytes.subarray(start, end)))
  }
}
