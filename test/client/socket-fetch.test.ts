import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { gunzip, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createIncomingBody } from '../../src/client/files/answer-body.ts'
import { openSocketFetch, type SocketFetch } from '../../src/client/files/socket-fetch.ts'

/** Says to each request what the test says, piece by piece. */
interface RawServer {
  readonly url: string
  readonly requests: string[]
  readonly sockets: Set<Socket>
  answer(socket: Socket, request: string): void
}

async function startRawServer(t: TestContext, answer: RawServer['answer']): Promise<RawServer> {
  const server: RawServer = { url: '', requests: [], sockets: new Set(), answer }
  const listening = createServer({ noDelay: true }, (socket) => {
    server.sockets.add(socket)
    socket.on('error', () => {})
    socket.setEncoding('latin1')
    let text = ''
    socket.on('data', (data) => {
      text += data
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end)
        text = text.slice(end + 4)
        server.requests.push(request)
        server.answer(socket, request)
      }
    })
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  t.after(() => {
    for (const socket of server.sockets) socket.destroy()
    listening.close()
  })
  return Object.assign(server, {
    url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
  })
}

function open(t: TestContext): SocketFetch {
  const sockets = openSocketFetch()
  t.after(() => sockets.close())
  return sockets
}

/** Each piece leaves on its own. */
async function sendPieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (piece !== '') socket.write(piece, 'latin1')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function cut(text: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.map((place) => place % text.length).toSorted((a, b) => a - b)]
  return sorted.map((from, index) => text.slice(from, sorted[index + 1]))
}

const answers = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nETag: "a"\r\n\r\nhello, world',
  chunked:
    'HTTP/1.1 200 OK\r\nETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n07\r\n, world\r\n0\r\nA: b\r\n\r\n',
  'after 103 and 100':
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nETag:"a"\r\nContent-Length:12\r\n\r\nhello, world',
}

describe('openSocketFetch()', () => {
  for (const [name, text] of Object.entries(answers)) {
    it(`reads an answer wherever it is cut: ${name}`, async (t) => {
      let pieces: string[] = []
      const server = await startRawServer(t, (socket) => void sendPieces(socket, pieces))
      const { fetch } = open(t)
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(), { maxLength: 6 }), async (places) => {
          pieces = cut(text, places)
          const answer = await fetch(`${server.url}/a?b#c`, { headers: { 'if-range': '"x"' } })
          assert.equal(answer.status, 200)
          assert.equal(answer.headers.get('ETag'), '"a"')
          assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), 'hello, world')
        }),
        { numRuns: 60 },
      )
      assert.equal(server.sockets.size, 1, 'the connection was not used again')
      const [line, ...fields] = server.requests[0]?.split('\r\n') ?? []
      assert.equal(line, 'GET /a?b HTTP/1.1')
      assert.ok(fields.includes(`host: ${new URL(server.url).host}`))
      assert.ok(fields.includes('if-range: "x"'))
    })
  }

  it('passes over any number of answers in between', async (t) => {
    const many = 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(30_000) + answers.length
    const server = await startRawServer(t, (socket) => void sendPieces(socket, [many]))
    const answer = await open(t).fetch(server.url, {})
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), 'hello, world')
  })

  it('refuses what leaves doubt about where an answer ends', async (t) => {
    const doubtful = [
      'HTTP/2 200\r\n\r\n',
      'HTTP/1.1 20 OK\r\n\r\n',
      'SSH-2.0-x\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
      'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na',
      'HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\n\r\n',
      'HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\r\na',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
      `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`,
    ]
    let text = ''
    const server = await startRawServer(t, (socket) => void socket.write(text, 'latin1'))
    const { fetch } = open(t)
    for (text of doubtful) await assert.rejects(fetch(server.url, {}), text.slice(0, 100))
    assert.equal(server.sockets.size, doubtful.length)
    for (const bytes of [
      '5\r\nhelloX\r\n',
      'x\r\n',
      '-1\r\n',
      '5\nhello\r\n0\r\n\r\n',
      '1;'.repeat(9000),
    ]) {
      text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bytes}`
      const answer = await fetch(server.url, {}).catch(() => null)
      if (answer !== null) await assert.rejects(answer.arrayBuffer(), bytes.slice(0, 20))
    }
  })

  it('says when a body breaks off', async (t) => {
    let text = ''
    const server = await startRawServer(t, (socket) => void socket.end(text, 'latin1'))
    const { fetch } = open(t)
    for (text of [
      'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
    ]) {
      const answer = await fetch(server.url, {})
      const reader = answer.body?.getReader()
      assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'hello')
      await assert.rejects(async () => await reader?.read())
    }
    text = 'HTTP/1.1 200 OK\r\nContent-'
    await assert.rejects(fetch(server.url, {}))
    text = 'HTTP/1.1 200 OK\r\n\r\nhello'
    const answer = await fetch(server.url, {})
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), 'hello')
    // Who reads it can tell that a cut would not be seen.
    assert.equal(answer.headers.get('connection'), 'close')
  })

  it('uses a connection again only when nothing is left on it', async (t) => {
    const body = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
    let text = ''
    const server = await startRawServer(t, (socket) => void socket.write(text, 'latin1'))
    const { fetch } = open(t)
    const get = async () => await (await fetch(server.url, {})).arrayBuffer()
    const rest: [string, number][] = [
      [`${body}\r\nhi`, 1],
      [`${body}\r\nhi`, 1],
      [`${body}\r\nhi${body}\r\nno`, 1],
      [`${body}Connection: close\r\n\r\nhi`, 2],
      [`${body}Keep-Alive: timeout=2\r\n\r\nhi`, 3],
      [`${body.replace('1.1', '1.0')}\r\nhi`, 4],
      ['HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n', 5],
      [`${body}\r\nhi`, 5],
    ]
    for (const [next, sockets] of rest) {
      text = next
      await get()
      assert.equal(server.sockets.size, sockets, next)
    }
    // What comes while it is idle is nobody's answer.
    const [last] = [...server.sockets].slice(-1)
    last?.write(`${body}\r\nno`)
    await once(last as Socket, 'close')
    await get()
    assert.equal(server.sockets.size, 6)
  })

  it('takes a content coding off', async (t) => {
    const bytes = gzipSync('hello, world')
    const server = await startRawServer(t, (socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      )
      socket.write(bytes)
    })
    const answer = await open(t).fetch(server.url, {})
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), 'hello, world')
  })

  it('says when what is coded is not whole, or nothing of the kind', async (t) => {
    const bytes = gzipSync(Buffer.alloc(100_000, 'hello, world'))
    let body = bytes
    const server = await startRawServer(t, (socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
      )
      socket.write(body)
    })
    const { fetch } = open(t)
    for (body of [bytes.subarray(0, -9), bytes.subarray(0, 12), Buffer.from('hello, world')]) {
      const whole = await fetch(server.url, {})
      await assert.rejects(whole.arrayBuffer())
      const reader = (await fetch(server.url, {})).body?.getReader()
      // Also to a reader that comes when it is known already.
      for (let turn = 0; turn < 20; turn += 1) await promisify(gunzip)(bytes)
      await assert.rejects(async () => {
        while ((await reader?.read())?.done !== true);
      })
    }
  })

  it('gives each byte once, though it uses its memory again', async (t) => {
    const size = 64 * 1024 * 1024
    const length = 1024 * 1024
    const server = await startRawServer(t, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      for (let at = 0; at < size; at += length) socket.write(Buffer.alloc(length, at / length))
    })
    const answer = await open(t).fetch(server.url, {})
    const reader = answer.body?.getReader()
    let at = 0
    for (;;) {
      const { value } = (await reader?.read()) ?? {}
      if (value === undefined) break
      for (let index = 0; index < value.length; index += 4096) {
        assert.equal(value[index], Math.floor((at + index) / length), `at ${at + index}`)
      }
      at += value.length
      reader?.release?.(value)
    }
    assert.equal(at, size)
  })

  it('takes no more when two MiB wait for a reader that is slow', async () => {
    let [resumed, held] = [0, 0]
    const { push, end, body } = createIncomingBody({
      resume: () => {
        resumed += 1
      },
      cancel() {},
      hold: () => {
        held += 1
      },
      release: () => {
        held -= 1
      },
    })
    const chunk = new Uint8Array(512 * 1024)
    assert.deepEqual(
      [push(chunk), push(chunk), push(chunk), push(chunk)],
      [true, true, true, false],
    )
    const reader = body.getReader()
    await reader.read()
    assert.equal(resumed, 1)
    await reader.read()
    assert.equal(resumed, 1)
    end()
    assert.equal(held, 4)
    await reader.cancel()
    assert.equal(held, 2, 'what nobody read is released')
  })

  it('does not wait for ever for a head', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const server = await startRawServer(t, () => {
      setImmediate(() => t.mock.timers.tick(300_000))
    })
    await assert.rejects(open(t).fetch(server.url, {}), /does not begin to answer/)
  })

  it('ends with its signal, and sends no field that ends its line', async (t) => {
    const server = await startRawServer(t, (socket, request) => {
      if (request.startsWith('GET /body')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello')
      }
    })
    const { fetch } = open(t)
    for (const path of ['/head', '/body']) {
      const left = new AbortController()
      const asked = fetch(server.url + path, { signal: left.signal })
      const whole = path === '/head' ? asked : (await asked).arrayBuffer()
      left.abort(new Error('enough'))
      await assert.rejects(whole, /enough/)
    }
    const headers = { 'if-range': '"a"\r\nhost: b' }
    await assert.rejects(fetch(server.url, { headers }), TypeError)
  })
})
