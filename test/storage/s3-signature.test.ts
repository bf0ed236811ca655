import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createS3Client } from '../../src/storage/s3/client.ts'
import { createSigner, emptyPayload } from '../../src/storage/s3/signer.ts'
import { inChunks, patternBytes } from '../support/bytes.ts'
import { startFakeS3 } from '../support/fake-s3.ts'
import { openTestS3, readS3 } from '../support/s3-store.ts'

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

describe('what is sent with temporary credentials', () => {
  it('is their token, signed', async (t) => {
    const fake = await startFakeS3(t)
    const { credentials } = readS3(fake.environment)
    const store = await openTestS3(t, fake.environment, {
      credentials: { ...credentials, sessionToken: 'a token+/=' },
    })
    const tokens = new Set<unknown>()
    fake.plan({
      when: ({ headers }) => tokens.add(headers['x-amz-security-token']) && false,
      fault: { loseAnswer: true },
    })
    await store.put('a', inChunks(patternBytes(10)))
    assert.deepEqual([...tokens], ['a token+/='])
    const url = new URL(store.presign?.('a', { method: 'GET', seconds: 60 }) ?? '')
    assert.equal(url.searchParams.get('X-Amz-Security-Token'), 'a token+/=')
    assert.equal((await fetch(url)).status, 200)
  })
})

describe('the address of an object', () => {
  const rows = [
    ['s3://my-bucket/some', 'https://my-bucket.s3.us-east-1.amazonaws.com/some/a/b?'],
    ['s3://my.bucket', 'https://s3.us-east-1.amazonaws.com/my.bucket/a/b?'],
    ['s3://bucket?endpoint=http://h:9000', 'http://h:9000/bucket/a/b?'],
    ['s3://bucket?endpoint=http://h:9000&pathStyle=false', 'http://bucket.h:9000/a/b?'],
    ['s3://bucket?endpoint=http://h&publicEndpoint=https://out', 'https://out/bucket/a/b?'],
  ] as const
  for (const [setting, expected] of rows) {
    it(`is below ${expected} for ${setting}`, () => {
      const { address, credentials } = readS3({
        ...{ CLAIMCHECK_STORAGE_URL: setting, CLAIMCHECK_S3_ACCESS_KEY_ID: 'id' },
        CLAIMCHECK_S3_SECRET_ACCESS_KEY: 'secret',
      })
      const limits = { connections: 1, patienceMs: 0, idleMs: 1000 }
      const client = createS3Client(address, { credentials, ...limits })
      const url = client.presign('a/b', { method: 'GET', query: {}, seconds: 60 })
      assert.ok(url.startsWith(expected), url)
      client.close()
    })
  }
})
