import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { createClientAddress } from '../../src/http/client-address.ts'

const rows: [string, string[], string, string | undefined, string][] = [
  ['trusts nobody by itself', [], '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['believes a trusted proxy', ['192.0.2.1'], '192.0.2.1', '198.51.100.7', '198.51.100.7'],
  ['does not believe others', ['192.0.2.1'], '192.0.2.2', '198.51.100.7', '192.0.2.2'],
  [
    'takes the last that is not a proxy, whatever the client wrote before it',
    ['10.0.0.0/8', '::1'],
    '::1',
    '203.0.113.9, 198.51.100.7, 10.2.3.4',
    '198.51.100.7',
  ],
  ['knows IPv4 in IPv6', ['127.0.0.0/8'], '::ffff:127.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['stops at what is no address', ['127.0.0.1'], '127.0.0.1', 'x', '127.0.0.1'],
  ['reads past a port', ['127.0.0.1'], '127.0.0.1', '198.51.100.7:4711', '198.51.100.7'],
  ['reads past a port of IPv6', ['::1'], '::1', 'x, [2001:db8::7]:4711', '2001:db8::7'],
  ['reads IPv6 in brackets', ['::1'], '::1', '[2001:db8::7]', '2001:db8::7'],
  ['stops at a host with a port', ['::1'], '::1', '198.51.100.7, example:80', '::1'],
  ['needs no header', ['127.0.0.1'], '127.0.0.1', undefined, '127.0.0.1'],
]

describe('createClientAddress()', () => {
  for (const [what, trusted, remoteAddress, forwarded, expected] of rows) {
    it(what, () => {
      // Only what it reads of a request.
      const request = {
        socket: { remoteAddress },
        headers: { 'x-forwarded-for': forwarded },
      } as unknown as IncomingMessage
      assert.equal(createClientAddress(trusted)(request), expected)
    })
  }
})
