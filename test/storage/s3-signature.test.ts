import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { createSigner, emptyPayload } from '../../src/storage/s3/signer.ts'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { openTestS3 } from '../support/s3-store.ts'

/** Amazon's "Examples: Signature Calculations in AWS Signature Version 4". */
const signer = createSigner({
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: null,
  },
  region: 'us-east-1',
  now: () => Date.UTC(2013, 4, 24),
})
const host = 'examplebucket.s3.amazonaws.com'

describe('the signature of a request', () => {
  const rows: [string, Parameters<typeof signer.authorize>, string][] = [
    [
      'GET Object',
      [
        { method: 'GET', host, path: '/test.txt', query: {}, headers: { range: 'bytes=0-9' } },
        emptyPayload,
      ],
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object',
      [
        {
          ...{ method: 'PUT', host, path: '/test%24file.text', query: {} },
          headers: {
            date: 'Fri, 24 May 2013 00:00:00 GMT',
            'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          },
        },
        '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      ],
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET Bucket Lifecycle',
      [{ method: 'GET', host, path: '/', query: { lifecycle: '' }, headers: {} }, emptyPayload],
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'Get Bucket (List Objects)',
      [
        { method: 'GET', host, path: '/', query: { prefix: 'J', 'max-keys': '2' }, headers: {} },
        emptyPayload,
      ],
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ]
  for (const [title, request, expected] of rows) {
    it(`is that of Amazon's example ${title}`, () => {
      const { authorization } = signer.authorize(...request)
      assert.equal(authorization?.split('Signature=')[1], expected)
    })
  }

  it("is that of Amazon's example of a URL", () => {
    const query = signer.presign({ method: 'GET', host, path: '/test.txt', query: {} }, 86_400)
    assert.equal(
      new URLSearchParams(query).get('X-Amz-Signature'),
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })
})

describe('a URL of the store', () => {
  it('gets the object under the type and the name that it says', async (t) => {
    const { store } = await open(t)
    const bytes = patternBytes(5000)
    await store.put('a/b', inChunks(bytes))
    const disposition = `attachment; filename="a b.csv"; filename*=UTF-8''%C3%A9%20(1)*.csv`
    const mediaType = 'text/csv; charset=utf-8'
    const url = store.presign?.('a/b', { method: 'GET', seconds: 60, disposition, mediaType })
    const answer = await fetch(url ?? '')
    assert.equal(answer.headers.get('content-disposition'), disposition)
    assert.equal(answer.headers.get('content-type'), mediaType)
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes))
  })

  it('puts an object', async (t) => {
    const { store } = await open(t)
    const url = store.presign?.('a/b', { method: 'PUT', seconds: 60 }) ?? ''
    assert.equal((await fetch(url, { method: 'PUT', body: 'hello' })).status, 200)
    assert.equal(String(await gather(store.read('a/b', { start: 0, end: 5 }))), 'hello')
    assert.equal((await fetch(url)).status, 403)
  })

  it('is good for its time, and for what was signed', async (t) => {
    const { store, fake } = await open(t)
    await store.put('a/b', inChunks(patternBytes(10)))
    const url = store.presign?.('a/b', { method: 'GET', seconds: 60, mediaType: 'text/csv' }) ?? ''
    assert.equal((await fetch(url)).status, 200)
    const touched = [
      url.replace('/b?', '/c?'),
      url.replace('text%2Fcsv', 'text%2Fhtml'),
      url.replace('X-Amz-Expires=60', 'X-Amz-Expires=61'),
      `${url}&response-cache-control=public`,
    ]
    for (const other of touched) assert.equal((await fetch(other)).status, 403, other)
    assert.equal((await fetch(url, { headers: { authorization: 'Bearer x' } })).status, 400)
    fake.bucket.now = () => Date.now() + 62_000
    assert.equal((await fetch(url)).status, 403)
  })

  it('says any text as it is', async (t) => {
    const { store } = await open(t)
    await store.put('a/b', inChunks(patternBytes(10)))
    const text = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
    const property = fc.asyncProperty(text, async (name) => {
      const disposition = `x${name}x`
      const url = store.presign?.('a/b', { method: 'GET', seconds: 60, disposition })
      const answer = await fetch(url ?? '')
      assert.equal(answer.headers.get('content-disposition'), disposition)
    })
    await fc.assert(property, { numRuns: 50 })
  })
})

async function open(t: TestContext) {
  const fake = await startFakeS3(t)
  return { fake, store: await openTestS3(t, fake.environment) }
}
