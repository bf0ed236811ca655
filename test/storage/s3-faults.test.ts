import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { DeliveryError } from '../../src/core/errors.ts'
import type { S3StoreOptions } from '../../src/storage/s3.ts'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'
import { type FaultPlan, startFakeS3 } from '../support/fake-s3.ts'
import { openTestS3 } from '../support/s3-store.ts'
import { until } from '../support/until.ts'

const MIB = 1024 * 1024

type Plans = [title: string, ...plans: FaultPlan[]]
const isPart = ({ method, query }: { method: string; query: URLSearchParams }) =>
  method === 'PUT' && query.has('partNumber')
const isComplete = ({ method, query }: { method: string; query: URLSearchParams }) =>
  method === 'POST' && query.has('uploadId')
const isPut = ({ method }: { method: string }) => method === 'PUT'
const isGet = ({ method, key }: { method: string; key: string }) => method === 'GET' && key !== ''

const slowDown = { answer: 503, code: 'SlowDown' }

describe('put() to a store that fails', () => {
  const small: Plans[] = [
    ['says SlowDown', { when: isPut, times: 2, fault: slowDown }],
    [
      'says InternalError',
      { when: isPut, times: 1, fault: { answer: 500, code: 'InternalError' } },
    ],
    ['cuts the connection', { when: isPut, times: 2, fault: { cutAfter: null } }],
    ['loses the answer', { when: isPut, times: 1, fault: { loseAnswer: true } }],
    ['stores other bytes', { when: isPut, times: 1, fault: { wrongEtag: true } }],
  ]
  for (const [title, ...plans] of small) {
    it(`tries again when it ${title}`, async (t) => {
      await putsRightly(t, plans, 100_000)
    })
  }

  const large: Plans[] = [
    ...small,
    [
      'says SlowDown at the beginning',
      { when: ({ query }) => query.has('uploads'), times: 1, fault: slowDown },
    ],
    ['says SlowDown at the end', { when: isComplete, times: 1, fault: slowDown }],
    [
      'ends with an error after 200',
      { when: isComplete, times: 1, fault: { lateError: 'InternalError' } },
    ],
    ['loses the last answer', { when: isComplete, times: 1, fault: { loseAnswer: true } }],
  ]
  for (const [title, ...plans] of large) {
    it(`carries an object in parts when it ${title}`, async (t) => {
      await putsRightly(t, plans, 5 * MIB + 3)
    })
  }

  it('leaves nothing when the bytes arrive wrong again and again', async (t) => {
    for (const size of [1000, 6 * MIB]) {
      const { fake, store } = await open(t, { patienceMs: 300 })
      fake.plan({ when: isPut, fault: { wrongEtag: true } })
      await assert.rejects(store.put('a', inChunks(patternBytes(size))), /WrongDigest/)
      assert.equal(fake.bucket.objects.size, 0)
      assert.equal(fake.bucket.uploads.size, 0)
    }
  })

  it('takes back its parts when one cannot be stored', async (t) => {
    const { fake, store } = await open(t)
    fake.plan({ when: isPart, fault: { answer: 400, code: 'EntityTooLarge' } })
    await assert.rejects(store.put('a', inChunks(patternBytes(17 * MIB), MIB)), /EntityTooLarge/)
    assert.equal(fake.bucket.uploads.size, 0)
    assert.equal(fake.bucket.objects.size, 0)
  })

  it('says storage_full when there is no room', async (t) => {
    const { fake, store } = await open(t)
    fake.plan({ when: isPut, fault: { answer: 403, code: 'QuotaExceeded' } })
    const put = store.put('a', inChunks(patternBytes(10)))
    await assert.rejects(put, { code: 'storage_full' })
  })

  it('does not take an older object of the same length for its own', async (t) => {
    const { fake, store } = await open(t, { patienceMs: 300 })
    await store.put('a', inChunks(patternBytes(6 * MIB), MIB))
    fake.plan({ when: isComplete, fault: { answer: 500, code: 'InternalError' } })
    await assert.rejects(store.put('a', inChunks(patternBytes(6 * MIB), MIB)), /does not work now/)
  })

  it('keeps few parts in memory, however fast the body and slow the store', async (t) => {
    const { fake, store } = await open(t)
    let given = 0
    async function* body(): AsyncGenerator<Uint8Array> {
      const block = patternBytes(MIB)
      for (let index = 0; index < 40; index += 1) {
        given += MIB
        const stored = [...fake.bucket.uploads.values()]
          .flatMap(({ parts }) => [...parts.values()])
          .reduce((sum, { bytes }) => sum + bytes.length, 0)
        // Two are under way, one is filled; the one that follows has been begun.
        assert.ok(given - stored <= 21 * MIB, `${given} given, ${stored} stored`)
        yield block
      }
    }
    assert.deepEqual(await store.put('a', body()), { size: 40 * MIB })
  })
})

describe('read() from a store that fails', () => {
  const faults: Plans[] = [
    ['says SlowDown', { when: isGet, times: 2, fault: slowDown }],
    ['cuts before anything came', { when: isGet, times: 3, fault: { cutAfter: 0 } }],
    ['cuts in the middle', { when: isGet, times: 3, fault: { cutAfter: 700_001 } }],
    ['ends too early as if it were the end', { when: isGet, times: 2, fault: { truncateBy: 5 } }],
    ['stands still', { when: isGet, times: 1, fault: { stallAfter: 800_000 } }],
  ]
  for (const [title, ...plans] of faults) {
    it(`goes on by itself when it ${title}`, async (t) => {
      const { fake, store } = await open(t, { idleMs: 300 })
      const bytes = patternBytes(3 * MIB)
      await store.put('a', inChunks(bytes))
      for (const plan of plans) fake.plan(plan)
      const read = await gather(store.read('a', { start: 7, end: bytes.length }))
      assert.ok(read.equals(bytes.subarray(7)))
    })
  }

  it('does not go on with the bytes of another object', async (t) => {
    const { fake, store } = await open(t)
    await store.put('a', inChunks(patternBytes(3 * MIB, 1)))
    fake.plan({ when: isGet, times: 1, fault: { cutAfter: MIB } })
    const reading = async () => {
      let isFirst = true
      for await (const _ of store.read('a', { start: 0, end: 3 * MIB })) {
        if (isFirst) await store.put('a', inChunks(patternBytes(3 * MIB, 2)))
        isFirst = false
      }
    }
    await assert.rejects(reading(), /replaced while it was read/)
  })

  it('sees that it is another object, though the store takes no conditions', async (t) => {
    const { fake, store } = await open(t)
    await store.put('a', inChunks(patternBytes(MIB)))
    const isRest: FaultPlan['when'] = ({ headers }) => headers['if-match'] !== undefined
    fake.plan({ when: isGet, times: 1, fault: { cutAfter: 100_000 } })
    fake.plan({ when: isRest, fault: { wrongEtag: true } })
    const read = gather(store.read('a', { start: 0, end: MIB }))
    await assert.rejects(read, /replaced while it was read/)
  })

  it('gives up with a sentence when patience ends', async (t) => {
    const { fake, store } = await open(t, { patienceMs: 300 })
    await store.put('a', inChunks(patternBytes(10)))
    fake.plan({ when: isGet, fault: slowDown })
    const read = gather(store.read('a', { start: 0, end: 10 }))
    await assert.rejects(read, (error) => {
      assert.ok(error instanceof DeliveryError && error.code === 'unavailable')
      assert.match(error.message, /does not work now \(503 SlowDown\)/)
      return true
    })
  })

  it('is told when the store asks to be left alone for long', async (t) => {
    const { fake, store } = await open(t, { patienceMs: 3000 })
    await store.put('a', inChunks(patternBytes(10)))
    fake.plan({ when: isGet, fault: { ...slowDown, retryAfter: 3600 } })
    await assert.rejects(gather(store.read('a', { start: 0, end: 10 })), /SlowDown/)
    assert.equal(fake.requests.filter((line) => line.startsWith('GET some')).length, 1)
  })

  it('lets go of the connection of a consumer that stands still', async (t) => {
    const { fake, store } = await open(t, { idleMs: 200, connections: 1 })
    const bytes = patternBytes(20 * MIB)
    await store.put('a', inChunks(bytes, MIB))
    const reader = store.read('a', { start: 0, end: bytes.length })[Symbol.asyncIterator]()
    const read = [Buffer.from((await reader.next()).value)]
    // The one connection is needed for this.
    assert.equal((await store.stat('a'))?.size, bytes.length)
    for (let next = await reader.next(); !next.done; next = await reader.next()) {
      read.push(Buffer.from(next.value))
    }
    assert.ok(Buffer.concat(read).equals(bytes))
    assert.ok(fake.requests.filter((line) => line.startsWith('GET some')).length > 1)
  })

  it('ends its connection when the consumer has enough', async (t) => {
    const { fake, store } = await open(t)
    await store.put('a', inChunks(patternBytes(20 * MIB), MIB))
    for (let time = 0; time < 10; time += 1) {
      for await (const _ of store.read('a', { start: 0, end: 20 * MIB })) break
    }
    await until('few connections are open', async () => (await fake.connections()) <= 1)
  })

  it('ends while it waits for a store that says nothing, when the signal aborts', async (t) => {
    const { fake, store } = await open(t)
    await store.put('a', inChunks(patternBytes(MIB)))
    fake.plan({ when: isGet, fault: { stallAfter: 1000 } })
    const controller = new AbortController()
    const reading = async () => {
      for await (const _ of store.read('a', { start: 0, end: MIB }, controller.signal)) {
        setImmediate(() => controller.abort(new Error('Enough.')))
      }
    }
    await assert.rejects(reading(), /Enough/)
  })
})

describe('a bucket with more than a page', () => {
  it('is listed whole, and nothing else of it', async (t) => {
    const { fake, store } = await open(t)
    fake.bucket.pageSize = 3
    const keys = Array.from({ length: 10 }, (_, index) => `p/${index}`)
    for (const key of keys) await store.put(key, inChunks(patternBytes(3)))
    fake.bucket.objects.set('elsewhere', [...fake.bucket.objects.values()][0]!)
    const listed: string[] = []
    for await (const { key, size } of store.list('')) if (size === 3) listed.push(key)
    assert.deepEqual(listed.sort(), keys)
  })

  it('loses the uploads that nobody adds to any more, and keeps the others', async (t) => {
    const { fake, store } = await open(t)
    fake.bucket.pageSize = 2
    const now = Date.now()
    const before = now - 3_600_000
    const part = (ago: number) => ({
      ...{ bytes: Buffer.alloc(1), etag: '"x"' },
      modifiedAt: new Date(now - ago),
    })
    await store.put('known', inChunks(patternBytes(1)))
    const [known = ''] = fake.bucket.objects.keys()
    const own = known.replace(/known$/, '')
    const upload = (key: string, ...agos: number[]) => ({
      ...{ key, initiatedAt: new Date(before - 1000), headers: {} },
      parts: new Map(agos.map((ago, index) => [index + 1, part(ago)])),
    })
    for (let index = 0; index < 5; index += 1) {
      fake.bucket.uploads.set(`old-${index}`, upload(`${own}old/${index}`, 7_200_000))
    }
    fake.bucket.uploads.set('empty', upload(`${own}empty`))
    fake.bucket.uploads.set('alive', upload(`${own}alive`, 7_200_000, 7_200_000, 7_200_000, 1000))
    fake.bucket.uploads.set('other', upload('elsewhere/x', 7_200_000))
    assert.equal(await store.removeAbandoned(before), 6)
    assert.deepEqual([...fake.bucket.uploads.keys()].sort(), ['alive', 'other'])
  })
})

describe('a URL of the store', () => {
  it('is good for its time, and not beside an Authorization', async (t) => {
    const { fake, store } = await open(t)
    await store.put('a', inChunks(patternBytes(10)))
    const url = store.presign?.('a', { method: 'GET', seconds: 60 }) ?? ''
    assert.equal((await fetch(url)).status, 200)
    assert.equal((await fetch(url, { headers: { authorization: 'Bearer x' } })).status, 400)
    fake.bucket.now = () => Date.now() + 62_000
    assert.equal((await fetch(url)).status, 403)
  })
})

describe('an object in a cold storage class', () => {
  it('is restored once, and said to be available when it is', async (t) => {
    const { fake, store } = await open(t)
    await store.put('a', inChunks(patternBytes(10)))
    assert.equal(await store.restore?.('a', 60), 'available')
    for (const object of fake.bucket.objects.values()) object.storageClass = 'GLACIER'
    const read = gather(store.read('a', { start: 0, end: 10 }))
    await assert.rejects(read, /cold storage class/)
    assert.deepEqual(await store.restore?.('a', 60), { askAgainSeconds: 300 })
    assert.deepEqual(await store.restore?.('a', 60), { askAgainSeconds: 300 })
    const asked = fake.requests.filter((line) => line.startsWith('POST'))
    assert.equal(asked.length, 1)
    fake.bucket.finishRestorations()
    assert.equal(await store.restore?.('a', 60), 'available')
    assert.ok((await gather(store.read('a', { start: 0, end: 10 }))).equals(patternBytes(10)))
  })
})

describe('what the store is told of encryption', () => {
  it('stands on whole objects and on those in parts', async (t) => {
    const { fake, store } = await open(t, { encryption: 'aws:kms', kmsKey: 'the-key' })
    await store.put('small', inChunks(patternBytes(10)))
    await store.put('large', inChunks(patternBytes(6 * MIB), MIB))
    const objects = [...fake.bucket.objects.values()]
    assert.equal(objects.length, 2)
    for (const { headers } of objects) {
      assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms')
      assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'the-key')
    }
  })
})

describe('a kept connection', () => {
  it('waits as long as a new one, whatever the store says of Keep-Alive', async (t) => {
    const { fake, store } = await open(t, { idleMs: 3000 })
    await store.put('a', inChunks(patternBytes(10)))
    fake.keepAlive(2000)
    await store.stat('a')
    // Kept for a second by what the store says; an answer that takes longer is waited for.
    fake.plan({ when: isGet, times: 1, fault: { pauseFor: 1500 } })
    assert.equal((await gather(store.read('a', { start: 0, end: 10 }))).length, 10)
    assert.equal(fake.requests.filter((line) => line.startsWith('GET some')).length, 1)
  })
})

describe('check()', () => {
  it('writes once, and asks then only whether the bucket is there', async (t) => {
    const { fake, store } = await open(t)
    for (let time = 0; time < 5; time += 1) await store.check()
    const asked = fake.requests.map((line) => line.split(' ')[0])
    assert.deepEqual(asked, ['GET', 'POST', 'DELETE', 'HEAD', 'HEAD', 'HEAD', 'HEAD'])
    fake.plan({ when: () => true, fault: { answer: 403, code: 'AccessDenied' } })
    await assert.rejects(store.check(), /does not allow this/)
  })

  it('says within seconds that the store does not answer', async (t) => {
    const { fake, store } = await open(t)
    fake.plan({ when: () => true, fault: { stallAfter: 0 } })
    await assert.rejects(store.check(), /cannot be reached \(no answer\)/)
  })
})

describe('opening a bucket', () => {
  it('says in one sentence what is wrong', async (t) => {
    const { environment, plan, bucket } = await startFakeS3(t)
    const url = environment.CLAIMCHECK_STORAGE_URL ?? ''
    const rows: [Record<string, string>, RegExp][] = [
      [
        { CLAIMCHECK_STORAGE_URL: url.replace('//claimcheck', '//other') },
        /bucket other-test does not exist/,
      ],
      [{ CLAIMCHECK_S3_ACCESS_KEY_ID: 'other' }, /credentials \(InvalidAccessKeyId\)/],
      [{ CLAIMCHECK_S3_SECRET_ACCESS_KEY: 'other' }, /credentials \(SignatureDoesNotMatch\)/],
      [{ CLAIMCHECK_STORAGE_URL: url.replace('eu-test-1', 'eu-test-2') }, /another region/],
      [{ CLAIMCHECK_STORAGE_URL: url.replace(/:\d+/, ':1') }, /cannot be reached \(ECONNREFUSED\)/],
    ]
    for (const [wrong, expected] of rows) {
      const opening = openTestS3(t, { ...environment, ...wrong })
      await assert.rejects(opening, (error) => {
        assert.ok(error instanceof DeliveryError && error.code === 'unavailable')
        assert.match(error.message, expected)
        return true
      })
    }
    bucket.now = () => Date.now() + 3_600_000
    await assert.rejects(openTestS3(t, environment), /The clock of this machine/)
    bucket.now = Date.now
    plan({ when: () => true, fault: { answer: 403, code: 'AccessDenied' } })
    await assert.rejects(openTestS3(t, environment), /does not allow this/)
  })
})

async function open(t: TestContext, options: Partial<S3StoreOptions> = {}) {
  const fake = await startFakeS3(t)
  return { fake, store: await openTestS3(t, fake.environment, options) }
}

async function putsRightly(t: TestContext, plans: FaultPlan[], size: number): Promise<void> {
  const { fake, store } = await open(t)
  for (const plan of plans) fake.plan({ ...plan })
  const bytes = patternBytes(size)
  assert.deepEqual(await store.put('a', inChunks(bytes, MIB)), { size })
  assert.ok((await gather(store.read('a', { start: 0, end: size }))).equals(bytes))
  assert.equal(fake.bucket.uploads.size, 0)
}
