import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatS3Error, type S3Error } from '../../src/http/s3-error.ts'

const now = Date.UTC(2018, 6, 31, 21, 59, 53, 999)

function elements(error: S3Error): [string, string][] {
  const text = formatS3Error(error, now)
  const body = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<Error>\n(.*)\n<\/Error>\n$/s.exec(
    text,
  )?.[1]
  assert.ok(body !== undefined, text)
  return body.split('\n').map((line) => {
    const match = /^<(\w+)>([^<>]*)<\/\1>$/.exec(line)
    assert.ok(match !== null, line)
    return [match[1] ?? '', match[2] ?? '']
  })
}

describe('formatS3Error()', () => {
  it('prints an expired URL’s document with the elements and in the order of the port order documentation', () => {
    const document = elements({
      code: 'AccessDenied',
      expiresAt: Date.UTC(2018, 6, 31, 21, 34, 17),
    })
    assert.deepEqual(document.slice(0, 4), [
      ['Code', 'AccessDenied'],
      ['Message', 'Request has expired'],
      ['Expires', '2018-07-31T21:34:17Z'],
      ['ServerTime', '2018-07-31T21:59:53Z'],
    ])
    const [requestId, hostId, ...rest] = document.slice(4)
    assert.deepEqual(rest, [])
    assert.equal(requestId?.[0], 'RequestId')
    assert.match(requestId[1], /^[0-9A-F]{16}$/)
    assert.equal(hostId?.[0], 'HostId')
    assert.match(hostId[1], /^[A-Za-z0-9+/]{75}=$/)
  })

  it('names a forged, a revoked and a missing one', () => {
    const forged = elements({ code: 'SignatureDoesNotMatch', keyId: 'k1', signature: 'abc' })
    assert.deepEqual(
      forged.map(([name]) => name),
      ['Code', 'Message', 'AWSAccessKeyId', 'SignatureProvided', 'RequestId', 'HostId'],
    )
    assert.deepEqual(elements({ code: 'AccessDenied', message: 'It was revoked.' })[1], [
      'Message',
      'It was revoked.',
    ])
    assert.deepEqual(elements({ code: 'NoSuchKey', key: 'a.csv' })[2], ['Key', 'a.csv'])
  })

  it('escapes what XML reserves and replaces what it cannot hold', () => {
    const [, , key] = elements({
      code: 'NoSuchKey',
      key: `<a href="x">&amp;'\0\u0001\ud800\uffff\r🏛`,
    })
    assert.equal(
      key?.[1],
      '&lt;a href=&quot;x&quot;&gt;&amp;amp;&apos;\ufffd\ufffd\ufffd\ufffd&#13;🏛',
    )
  })
})
