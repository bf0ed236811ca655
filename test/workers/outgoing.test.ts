import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import type { Guard } from '../../src/workers/outgoing/guarded-request.ts'
import { createAddressCheck } from '../../src/workers/outgoing/public-address.ts'
import { type PullOptions, pull } from '../../src/workers/outgoing/pull.ts'
import { gather } from '../support/bytes.ts'
import { refusal } from '../support/refusal.ts'

describe('createAddressCheck()', () => {
  const isPublic = createAddressCheck([])
  const refused = [
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200'],
    ...['127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
    ...['192.0.0.192', '192.168.1.1', '198.18.0.1', '224.0.0.1', '239.255.255.255', '240.0.0.1'],
    ...['255.255.255.255', '168.63.129.16', '203.0.113.7', '::', '::1', '::ffff:127.0.0.1'],
    ...['::ffff:8.8.8.8', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1', '64:ff9b:1::1', 'fe80::1'],
    ...['fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '2001:db8::1', '2002:7f00:1::'],
    ...['2001::1', '2001:10::1', '3fff::1', '100::1', '::127.0.0.1', 'nonsense', ''],
  ]
  for (const address of refused) {
    it(`refuses ${address || 'nothing'}`, () => assert.equal(isPublic(address), false))
  }
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111']) {
    it(`lets ${address} pass`, () => assert.equal(isPublic(address), true))
  }

  it('makes exceptions of the networks that the operator names', () => {
    const check = createAddressCheck(['10.1.0.0/16', '::1'])
    assert.equal(check('10.1.2.3'), true)
    assert.equal(check('::1'), true)
    assert.equal(check('10.2.0.1'), false)
    assert.equal(check('127.0.0.1'), false)
  })
})

describe('pull()', () => {
  it('gives the bytes, and tells no credentials', async (t) => {
    const { url, requests } = await serve(t, (_request, response) => response.end('the bill'))
    assert.equal(
      String(await gather(pull(`${url}/bill.pdf?filename=a.pdf`, options()))),
      'the bill',
    )
    assert.equal(requests[0]?.headers.authorization, undefined)
    assert.equal(requests[0]?.headers['accept-encoding'], 'identity')
  })

  const loopbacks = [
    ...['http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f000001/'],
    ...['http://0177.0.0.1/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://0/'],
    ...['http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'http://10.0.0.1/'],
    ...['http://localhost/', 'http://[64:ff9b::a9fe:a9fe]/'],
    ...['http://１２７.0.0.1/', 'http://127。0。0。1/', 'http://192.168.0.1:8080/'],
  ]
  for (const url of loopbacks) {
    it(`asks nothing of ${url}`, async () => {
      await refusal('invalid', gather(pull(url, strict())))
    })
  }

  const odd = [
    'ftp://files.example/a',
    'file:///etc/passwd',
    'gopher://x/',
    'http://a:b@x.example/',
  ]
  for (const url of [...odd, 'data:,x', 'no url']) {
    it(`does not understand ${url}`, async () => {
      await refusal('invalid', gather(pull(url, strict())))
    })
  }

  it('checks every address of a name, the ones not connected to as well', async () => {
    const mixed = resolving([['8.8.8.8', '10.0.0.1']])
    await refusal('invalid', gather(pull('http://mixed.example/', mixed)))
  })

  it('checks the address that it connects to, not one that was looked up before', async (t) => {
    const { url, requests } = await serve(t, (_request, response) => response.end('private'))
    const { port } = new URL(url)
    // Public at the first look, private at the second: there must be no second one.
    const rebinding = resolving([['127.0.0.1'], ['8.8.8.8']])
    await refusal('invalid', gather(pull(`http://rebinding.example:${port}/`, rebinding)))
    assert.equal(requests.length, 0)
  })

  it('follows no redirect to an address that is not public, in any form', async (t) => {
    for (const to of [
      'http://169.254.169.254/',
      'http://[::1]/',
      'http://0x7f.2/',
      '//10.0.0.1/',
    ]) {
      const { url } = await serve(t, (_request, response) =>
        response.writeHead(302, { location: to }).end(),
      )
      await refusal('invalid', gather(pull(url, options())))
    }
  })

  it('follows no redirect to another scheme', async (t) => {
    const { url } = await serve(t, (_request, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    )
    await refusal('invalid', gather(pull(url, options())))
  })

  it('follows five redirects and not six', async (t) => {
    const { url, requests } = await serve(t, (request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('arrived')
      else response.writeHead(307, { location: `/${left - 1}` }).end()
    })
    assert.equal(String(await gather(pull(`${url}/5`, options()))), 'arrived')
    assert.equal(requests.length, 6)
    const error = await refusal('invalid', gather(pull(`${url}/6`, options())))
    assert.match(error.message, /more than 5 redirects/)
  })

  it('takes no more than the limit, announced so or not', async (t) => {
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', 2_000_000)
      response.write(Buffer.alloc(1000))
      response.end(request.url === '/announced' ? Buffer.alloc(1_999_000) : 'x')
    })
    for (const path of ['announced', 'counted']) {
      const error = await refusal(
        'invalid',
        gather(pull(`${url}/${path}`, { ...options(), limit: 1000 })),
      )
      assert.match(error.message, /at most 1000 bytes/)
    }
    const all = await gather(pull(`${url}/counted`, { ...options(), limit: 1001 }))
    assert.equal(all.length, 1001)
  })

  it('gives up on a server that keeps silent, before the answer or in the middle of it', async (t) => {
    const { url } = await serve(t, (request, response) => {
      if (request.url === '/half') response.write('half')
    })
    for (const path of ['nothing', 'half']) {
      const silent = { ...options(), silentMilliseconds: 50 }
      const error = await refusal('unavailable', gather(pull(`${url}/${path}`, silent)))
      assert.match(error.message, /stopped sending/)
    }
  })

  it('does not take for silence how long its bytes are worked on', async (t) => {
    const { url } = await serve(t, (_request, response) => response.end(Buffer.alloc(900_000)))
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let size = 0
    for await (const chunk of pull(url, options())) {
      t.mock.timers.tick(120_000)
      size += chunk.byteLength
    }
    assert.equal(size, 900_000)
  })

  it('tells a refusal that lasts from one that passes', async (t) => {
    const { url } = await serve(t, (request, response) =>
      response.writeHead(Number(request.url?.slice(1))).end(),
    )
    for (const status of [400, 401, 403, 404, 410, 204, 300]) {
      await refusal('invalid', gather(pull(`${url}/${status}`, options())))
    }
    for (const status of [408, 429, 500, 503]) {
      await refusal('unavailable', gather(pull(`${url}/${status}`, options())))
    }
  })

  it('gives up on a server that does not go on, and when it is told to', async (t) => {
    const { url } = await serve(t, (_request, response) => response.write('half'))
    const error = await refusal(
      'unavailable',
      gather(pull(url, { ...options(), milliseconds: 50 })),
    )
    assert.match(error.message, /too long/)
    const stop = new AbortController()
    const pulled = gather(pull(url, { ...options(), signal: stop.signal }))
    stop.abort(new Error('stopped'))
    await assert.rejects(pulled, /stopped/)
  })

  it('does not pass half a document for a whole one', async (t) => {
    const { url } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('half', () => response.destroy())
    })
    await refusal('unavailable', gather(pull(url, options())))
  })

  it('takes what ends with the connection only where half of it would be known', async (t) => {
    const { url } = await serve(t, (_request, response) => {
      response.removeHeader('transfer-encoding')
      response.useChunkedEncodingByDefault = false
      response.end('half or whole', () => response.socket?.end())
    })
    const error = await refusal('invalid', gather(pull(url, options())))
    assert.match(error.message, /does not tell where it ends/)
    const known = await gather(pull(url, { ...options(), isAnnounced: true }))
    assert.equal(String(known), 'half or whole')
  })
})

async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

function pullOptions(guard: Guard): PullOptions {
  return {
    guard,
    signal: new AbortController().signal,
    milliseconds: 20_000,
    limit: 1_000_000,
  }
}

/** May ask the test's own server and nothing else on this machine or network. */
function options(): PullOptions {
  return pullOptions({ mayConnect: createAddressCheck(['127.0.0.1']) })
}

function strict(): PullOptions {
  return pullOptions({ mayConnect: createAddressCheck([]) })
}

/** A resolver that gives each list of addresses in turn. */
function resolving(answers: string[][]): PullOptions {
  return pullOptions({
    mayConnect: createAddressCheck([]),
    resolve: async () => {
      const addresses = answers.shift() ?? assert.fail('looked up once too often')
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  })
}
