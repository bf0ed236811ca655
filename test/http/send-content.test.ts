import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import type { ByteSpan, Content } from '../../src/core/content.ts'
import { DeliveryError } from '../../src/core/errors.ts'
import { type ContentSample, serve } from '../contracts/content-answers.ts'
import { patternBytes } from '../support/bytes.ts'
import { countOpenFiles } from '../support/open-files.ts'
import { ask, exchange, parseAnswer } from '../support/raw-http.ts'
import { sized } from '../support/size.ts'
import { storedContent } from '../support/stored-content.ts'
import { until } from '../support/until.ts'

const closing = 'Host: x\r\nConnection: close\r\n\r\n'

describe('sendContent() to clients that go or wait', () => {
  it('stops reading and frees the descriptor when the client goes', async (t) => {
    const { sample, folder, open } = await watched(t, sized(8, 64) * 1024 * 1024)
    const served = await serve(t, sample)
    const clients = sized(8, 60)
    for (let index = 0; index < clients; index++) {
      const socket = await begin(served.port)
      await once(socket, 'data')
      if (index % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    await until('that many answers have ended', () => served.results.length === clients)
    for (const [index, result] of served.results.entries()) {
      assert.equal(result.outcome, 'aborted')
      assert.ok(result.bytesSent < sample.bytes.length)
      assert.deepEqual(served.sent[index], { start: 0, end: result.bytesSent })
    }
    assert.equal(open.count, 0)
    // The one that the cache keeps.
    assert.ok((countOpenFiles(folder) ?? 1) <= 1)
  })

  it('holds little for clients that take nothing, and serves the others', async (t) => {
    const { sample, open } = await watched(t, sized(16, 32) * 1024 * 1024)
    const served = await serve(t, sample)
    const stalled = await Promise.all(
      Array.from({ length: sized(20, 200) }, async () => {
        const socket = await begin(served.port)
        socket.pause()
        return socket
      }),
    )
    const chunks = open.chunks
    await until('each has a read open', () => open.count === stalled.length)
    const answer = await served.ask()
    assert.ok(answer.body.equals(sample.bytes))
    assert.ok(open.chunks > chunks)
    const read = open.bytes - sample.bytes.length
    assert.ok(read < stalled.length * sample.bytes.length, 'back-pressure reached the reads')
    for (const socket of stalled) socket.destroy()
    await until('no read is open', () => open.count === 0)
  })

  it('drops a client that takes nothing for too long', async (t) => {
    const { sample, open } = await watched(t, 32 * 1024 * 1024)
    const served = await serve(t, sample, { stallMilliseconds: 100 })
    const socket = await begin(served.port)
    socket.pause()
    await until('that many answers have ended', () => served.results.length === 1)
    assert.equal(served.results[0]?.outcome, 'aborted')
    assert.equal(open.count, 0)
    socket.destroy()
  })

  it('gives a slow reader every byte, whatever else uses the buffers', async (t) => {
    const { sample } = await watched(t, 6 * 1024 * 1024)
    const served = await serve(t, sample)
    const readers = Array.from({ length: 6 }, async () => {
      const socket = await begin(served.port, 'Connection: close\r\n')
      const received: Buffer[] = []
      for await (const chunk of socket) {
        received.push(chunk as Buffer)
        await new Promise((resolve) => setImmediate(resolve))
      }
      return parseAnswer(Buffer.concat(received)).body
    })
    for (const body of await Promise.all(readers)) assert.ok(body.equals(sample.bytes))
  })

  it('breaks the connection when the signal aborts', async (t) => {
    const { sample, open } = await watched(t, 32 * 1024 * 1024)
    const controller = new AbortController()
    const served = await serve(t, sample, { signal: controller.signal })
    const socket = await begin(served.port)
    socket.on('error', () => {})
    socket.pause()
    const closed = once(socket, 'close')
    await until('bytes flow', () => open.chunks > 2)
    controller.abort()
    socket.resume()
    await closed
    await until('that many answers have ended', () => served.results.length === 1)
    assert.equal(served.results[0]?.outcome, 'aborted')
    assert.equal(open.count, 0)
    assert.equal((await served.ask()).status, 500)
  })

  it('ends a reader that is waiting for a slow source when the client goes', async (t) => {
    const { promise: waiting, resolve: isWaiting } = Promise.withResolvers<void>()
    let ended = false
    const content = madeOf(300_000, async function* (_, signal) {
      yield Buffer.alloc(100_000)
      isWaiting()
      await new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve())
      })
      ended = true
      signal?.throwIfAborted()
    })
    const served = await serve(t, { content, bytes: Buffer.alloc(300_000) })
    const socket = await begin(served.port)
    await waiting
    socket.destroy()
    await until('that many answers have ended', () => served.results.length === 1)
    assert.ok(ended)
    assert.equal(served.results[0]?.outcome, 'aborted')
  })
})

describe('sendContent() of contents that break', () => {
  it('breaks the connection when reading fails midway: never a clean end', async (t) => {
    const failure = new Error('The disk went away.')
    const content = madeOf(1_000_000, async function* () {
      yield Buffer.alloc(300_000, 'x')
      throw failure
    })
    const served = await serve(t, { content, bytes: Buffer.alloc(1_000_000) })
    const answer = await served.ask()
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-length'), '1000000')
    assert.equal(answer.whole, false)
    await assert.rejects(fetch(`http://127.0.0.1:${served.port}/`).then((got) => got.bytes()))
    await until('that many answers have ended', () => served.results.length === 2)
    assert.equal(served.results[0]?.outcome, 'failed')
    assert.equal(served.results[0]?.error, failure)
    assert.deepEqual(served.sent[0], { start: 0, end: 300_000 })
  })

  it('breaks the connection when the content ends short', async (t) => {
    const content = madeOf(1_000_000, async function* () {
      yield Buffer.alloc(999_999, 'x')
    })
    const served = await serve(t, { content, bytes: Buffer.alloc(1_000_000) })
    assert.equal((await served.ask()).whole, false)
    await assert.rejects(fetch(`http://127.0.0.1:${served.port}/`).then((got) => got.bytes()))
    assert.equal(served.results[0]?.outcome, 'failed')
  })

  it('sends no byte too many when the content gives more than its size', async (t) => {
    const content = madeOf(100_000, async function* () {
      yield Buffer.alloc(99_999, 'x')
      yield Buffer.alloc(50, 'y')
    })
    const served = await serve(t, { content, bytes: Buffer.alloc(100_000) })
    const answer = await served.ask()
    assert.ok(!answer.body.includes('y'))
    assert.equal(answer.whole, false)
    assert.equal(served.results[0]?.outcome, 'failed')
  })

  for (const size of [10, 10_000, 60_000, 1_000_000]) {
    it(`defect 12: leaves a missing file of ${size} bytes to the caller's own error`, async (t) => {
      const content = madeOf(size, () => {
        throw new DeliveryError('not_found', 'The object is not there.')
      })
      const served = await serve(t, { content, bytes: Buffer.alloc(size) })
      const answer = await served.ask()
      assert.deepEqual([answer.status, answer.whole], [500, true])
      assert.deepEqual([served.results, served.sent], [[], []])
    })
  }

  it('leaves a small content that breaks midway to the caller, whole or not at all', async (t) => {
    const content = madeOf(1000, async function* () {
      yield Buffer.alloc(400)
      throw new Error('broken')
    })
    const served = await serve(t, { content, bytes: Buffer.alloc(1000) })
    assert.equal((await served.ask()).status, 500)
  })

  it('sends what comes in many small chunks', async (t) => {
    for (const size of [1000, 30_000, 300_000]) {
      const bytes = patternBytes(size)
      const buffer = Buffer.alloc(97)
      const content = madeOf(size, async function* ({ start, end }) {
        for (let position = start; position < end; position += 97) {
          const part = bytes.subarray(position, Math.min(position + 97, end))
          buffer.fill(0xee)
          buffer.set(part)
          yield buffer.subarray(0, part.length)
        }
      })
      const served = await serve(t, { content, bytes })
      assert.ok((await served.ask()).body.equals(bytes))
    }
  })
})

describe('sendContent() on the wire', () => {
  it('sends an empty file, tells of it, and ignores Range', async (t) => {
    const served = await serve(t, await storedContent(t, Buffer.alloc(0)))
    for (const headers of [{}, { Range: 'bytes=0-' }, { Range: 'bytes=-1' }]) {
      const answer = await served.ask({ headers })
      assert.deepEqual([answer.status, answer.headers.get('content-length')], [200, '0'])
    }
    await until('that many spans were told', () => served.sent.length === 3)
    assert.deepEqual(served.sent[0], { start: 0, end: 0 })
  })

  it('keeps the connection for the next request after each kind of answer', async (t) => {
    const served = await serve(t, await storedContent(t, patternBytes(100_000)))
    const tag = served.content.etag
    const heads = [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${tag}\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: x\r\nIf-Match: "no"\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=100000-\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9,5000-5009\r\n\r\n',
      `GET / HTTP/1.1\r\nRange: bytes=-1\r\n${closing}`,
    ]
    // All at once: answers must come in order, also those that wait for their turn at the socket.
    const text = (await exchange(served.port, heads.join(''))).toString('latin1')
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) [A-Z]/g)].map(([, status]) => status)
    assert.deepEqual(statuses, ['200', '200', '304', '412', '416', '206', '206'])
    await until('that many answers have ended', () => served.results.length === heads.length)
    assert.ok(served.results.every(({ outcome }) => outcome === 'complete'))
  })

  it('settles answers that wait for their turn when the client goes', async (t) => {
    const { sample, open } = await watched(t, 32 * 1024 * 1024)
    const served = await serve(t, sample)
    const socket = await begin(served.port)
    socket.pause()
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n`)
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-99999\r\n\r\n`)
    await until('all reads have begun', () => open.begun === 3)
    socket.destroy()
    await until('that many answers have ended', () => served.results.length === 3)
    assert.ok(served.results.every(({ outcome }) => outcome === 'aborted'))
    assert.equal(open.count, 0)
  })

  it('serves HTTP/1.0', async (t) => {
    const served = await serve(t, await storedContent(t, patternBytes(300_000)))
    const answer = parseAnswer(await exchange(served.port, 'GET / HTTP/1.0\r\n\r\n'))
    assert.ok(answer.body.equals(served.bytes))
  })

  it('tells the spans of a resumed download, which add up to the whole', async (t) => {
    const served = await serve(t, await storedContent(t, patternBytes(3_000_000)))
    for (const Range of ['bytes=0-999999', 'bytes=1000000-1000000', 'bytes=1000001-']) {
      await served.ask({ headers: { Range, 'If-Range': served.content.etag } })
    }
    await until('that many answers have ended', () => served.results.length === 3)
    assert.deepEqual(served.sent, [
      { start: 0, end: 1_000_000 },
      { start: 1_000_000, end: 1_000_001 },
      { start: 1_000_001, end: 3_000_000 },
    ])
  })

  it('lets the caller replace policy, never facts', async (t) => {
    const served = await serve(t, await storedContent(t, patternBytes(100)), {
      headers: {
        'cache-control': 'public, max-age=60',
        'content-security-policy': "default-src 'self'",
        'Content-Length': '5',
        ETag: '"forged"',
        'X-Request-Id': 'abc',
        Vary: 'Authorization',
      },
    })
    const answer = await served.ask()
    assert.ok(answer.whole)
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=60')
    assert.equal(answer.headers.get('content-security-policy'), "default-src 'self'")
    assert.equal(answer.headers.get('etag'), served.content.etag)
    assert.equal(answer.headers.get('x-request-id'), 'abc')
    const cached = await served.ask({ headers: { 'If-None-Match': '*' } })
    assert.equal(cached.headers.get('cache-control'), 'public, max-age=60')
    assert.equal(cached.headers.get('vary'), 'Authorization')
    const refused = await served.ask({ headers: { 'If-Match': '"no"' } })
    assert.equal(refused.headers.get('cache-control'), 'private, no-store')
  })

  it('does not resume by a date less than a second old', async (t) => {
    const sample = await storedContent(t, patternBytes(2000))
    const lastModified = new Date(1_800_000_000_000)
    const content = { ...sample.content, lastModified }
    const headers = { Range: 'bytes=0-9', 'If-Range': lastModified.toUTCString() }
    for (const [age, status] of [
      [0, 200],
      [999, 200],
      [5000, 206],
    ] as const) {
      const now = (): number => lastModified.getTime() + age
      const served = await serve(t, { content, bytes: sample.bytes }, { now })
      assert.equal((await ask(served.port, { headers })).status, status)
    }
  })

  it('is taken by fetch with name, type and length', async (t) => {
    const served = await serve(t, await storedContent(t, patternBytes(70_000)), {
      fileName: 'Übersicht "2026".csv',
    })
    const answer = await fetch(`http://127.0.0.1:${served.port}/`)
    assert.equal((await answer.bytes()).length, 70_000)
    assert.equal(
      answer.headers.get('content-disposition'),
      `attachment; filename="Ubersicht _2026_.csv"; filename*=UTF-8''%C3%9Cbersicht%20%222026%22.csv`,
    )
  })
})

async function begin(port: number, more = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${more}\r\n`)
  return socket
}

/** A stored file whose reads are counted while they are open. */
async function watched(t: TestContext, size: number) {
  const block = patternBytes(1024 * 1024)
  const bytes = Buffer.concat(Array.from({ length: size / block.length }, () => block))
  const { content, folder } = await storedContent(t, bytes)
  const open = { begun: 0, count: 0, chunks: 0, bytes: 0 }
  async function* read(span: ByteSpan, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    open.begun++
    open.count++
    try {
      for await (const chunk of content.read(span, signal)) {
        open.chunks++
        open.bytes += chunk.byteLength
        yield chunk
      }
    } finally {
      open.count--
    }
  }
  const sample: ContentSample = { content: { ...content, read }, bytes }
  return { sample, folder, open }
}

function madeOf(size: number, read: Content['read']): Content {
  return {
    size,
    mediaType: 'application/octet-stream',
    etag: '"made"',
    lastModified: new Date(0),
    digests: {},
    read,
  }
}
