import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { contentWithDigest } from '../../src/core/archives/learn-digest.ts'
import { openArchive } from '../../src/core/archives/open-archive.ts'
import {
  contentOf,
  insertStoredFile,
  storeBytes,
  storeEncrypted,
} from '../../src/core/stored-files.ts'
import { transact } from '../../src/core/transact.ts'
import { principalOfAccount, seedAccount } from '../support/accounts.ts'
import { deliver } from '../support/archive-world.ts'
import {
  type BucketSettings,
  largeBytes as bytes,
  startBucketWorld,
} from '../support/bucket-world.ts'
import { gather, inChunks, patternBytes, sha256 } from '../support/bytes.ts'
import { createOrdersClient, type Listing } from '../support/orders-client.ts'
import { publish } from '../support/products.ts'
import { openTestS3 } from '../support/s3-store.ts'
import { sized } from '../support/size.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'
import { openTestCore } from '../support/test-core.ts'
import { until } from '../support/until.ts'
import { type ContentSample, describeContentAnswers } from './content-answers.ts'
import { describeObjectStore } from './object-store.ts'
import { describeStoreUrls } from './store-urls.ts'

/** What holds on every S3-compatible store: the storage contract, and all that goes out of it. */
export function describeBucket(name: string, open: () => Promise<BucketSettings>): void {
  // The stores of the tests keep their objects in memory.
  const largeMiB = sized(24, 600)
  describeObjectStore(name, async (t) => await openTestS3(t, await open()), largeMiB)
  describeStoreUrls(name, async (t) => await openTestS3(t, await open()))
  describe(`${name} behind the core`, () => {
    const suite = suiteCleanup()
    describeContentAnswers('a stored file', once(suite, open, storedFile))
    describeContentAnswers('an encrypted file', once(suite, open, encryptedFile))
    describeContentAnswers('a ZIP', once(suite, open, archive))
  })
  describeDownloads(name, open)
  describeRedirects(name, open)
  describeOrders(name, open)
}

type Suite = Pick<TestContext, 'after'>
type MakeSample = (suite: Suite, settings: BucketSettings) => Promise<ContentSample>

/** Made once for all questions. */
function once(suite: Suite, open: () => Promise<BucketSettings>, make: MakeSample) {
  let sample: Promise<ContentSample> | null = null
  return () => {
    sample ??= open().then((settings) => make(suite, settings))
    return sample
  }
}

async function coreOf(suite: Suite, settings: BucketSettings) {
  return await openTestCore(suite, { store: await openTestS3(suite, settings) })
}

async function storedFile(suite: Suite, settings: BucketSettings): Promise<ContentSample> {
  return await contentIn(suite, settings, storeBytes)
}

async function encryptedFile(suite: Suite, settings: BucketSettings): Promise<ContentSample> {
  return await contentIn(suite, settings, storeEncrypted)
}

async function contentIn(
  suite: Suite,
  settings: BucketSettings,
  store: typeof storeBytes,
): Promise<ContentSample> {
  const core = await coreOf(suite, settings)
  const bytes = patternBytes(300_000)
  const stored = await store(core, 'some', inChunks(bytes))
  const row = await transact(core, (change) => insertStoredFile(change, stored, 'text/csv'))
  return { content: contentOf(core, row), bytes }
}

async function archive(suite: Suite, settings: BucketSettings): Promise<ContentSample> {
  const core = await coreOf(suite, settings)
  const owner = await seedAccount(core, 'ada', { permissions: ['download:*'] })
  const { delivery } = await deliver(core, {
    owner,
    files: [
      { name: 'a.txt', bytes: patternBytes(900) },
      { name: 'empty', bytes: Buffer.alloc(0) },
      { name: 'encrypted', bytes: patternBytes(400, 2), encrypted: true },
      { name: 'large', bytes: patternBytes(300_000, 3) },
    ],
  })
  const wish = { of: { delivery: delivery.id }, format: 'zip' } as const
  const opened = await openArchive(core, principalOfAccount(owner), wish)
  const content = await contentWithDigest(core, opened)
  return { content, bytes: await gather(content.read({ start: 0, end: content.size })) }
}

function describeDownloads(name: string, open: () => Promise<BucketSettings>): void {
  describe(`a download kept in ${name}`, () => {
    it('comes whole, in parts and with its digest', async (t) => {
      const { server, link } = await startBucketWorld(t, await open())
      assert.equal((await fetch(`${server.url}/readyz`)).status, 200)
      const url = await link()
      const whole = await fetch(url)
      assert.equal(whole.status, 200)
      const digest = createHash('sha256').update(bytes).digest('base64')
      assert.ok(whole.headers.get('repr-digest')?.includes(`sha-256=:${digest}:`))
      assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(bytes))
      const range = 'bytes=5242879-5242881'
      const part = await fetch(url, { headers: { range } })
      assert.equal(part.status, 206)
      const got = Buffer.from(await part.arrayBuffer())
      assert.ok(got.equals(bytes.subarray(5_242_879, 5_242_882)))
    })
  })
}

function describeRedirects(name: string, open: () => Promise<BucketSettings>): void {
  const redirecting = { CLAIMCHECK_STORAGE_REDIRECT_SECONDS: '60' }

  describe(`a signed URL that leads on to ${name}`, () => {
    it('gives the bytes under their name, by a URL of a minute at most', async (t) => {
      const { link } = await startBucketWorld(t, await open(), redirecting)
      const url = await link()
      const first = await fetch(url, { redirect: 'manual' })
      assert.equal(first.status, 302)
      assert.equal(first.headers.get('cache-control'), 'no-store')
      const location = new URL(first.headers.get('location') ?? '')
      assert.equal(location.searchParams.get('X-Amz-Expires'), '60')
      const answer = await fetch(url)
      assert.equal(answer.url.split('?')[0], location.href.split('?')[0])
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(bytes))
      assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
      assert.match(
        answer.headers.get('content-disposition') ?? '',
        /^attachment; filename="a large/,
      )
      const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
      assert.equal(part.status, 206)
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20)))
    })

    it('gives them itself where the store could not answer as it does', async (t) => {
      const { ada, link } = await startBucketWorld(t, await open(), redirecting)
      const url = await link()
      const head = await fetch(url, { method: 'HEAD', redirect: 'manual' })
      const etag = head.headers.get('etag') ?? ''
      assert.equal(head.status, 200)
      const rows: [Record<string, string>, number][] = [
        [{ ...ada.headers }, 200],
        [{ 'if-none-match': etag }, 304],
        [{ 'if-match': '"other"' }, 412],
        [{ range: 'bytes=0-1', 'if-range': etag }, 206],
        [{ range: 'bytes=0-1,5-6' }, 206],
        [{ 'want-repr-digest': 'sha-256=1' }, 200],
      ]
      for (const [headers, status] of rows) {
        const answer = await fetch(url, { headers, redirect: 'manual' })
        await answer.body?.cancel()
        assert.equal(answer.status, status, JSON.stringify(headers))
      }
    })

    it('gives them itself where they are encrypted by us', async (t) => {
      const more = { ...redirecting, CLAIMCHECK_ENCRYPT: 'all' }
      const { link } = await startBucketWorld(t, await open(), more)
      const answer = await fetch(await link(), { redirect: 'manual' })
      assert.equal(answer.status, 200)
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(bytes))
    })

    it('gives them itself where uses are counted or addresses matter', async (t) => {
      const { server, ada, link } = await startBucketWorld(t, await open(), redirecting)
      await link()
      const { items: deliveries } = await json<{ items: { id: string }[] }>(
        await fetch(`${server.url}/v1/deliveries`, { headers: ada.headers }),
      )
      const { items: files } = await json<{ items: { number: number }[] }>(
        await fetch(`${server.url}/v1/deliveries/${deliveries[0]?.id}/files`, {
          headers: ada.headers,
        }),
      )
      const rows: [Record<string, unknown>, number][] = [
        [{}, 302],
        [{ maxUses: 1 }, 200],
        [{ networks: ['127.0.0.0/8', '::1/128'] }, 200],
      ]
      for (const [limits, status] of rows) {
        const made = await fetch(`${server.url}/v1/files/${files[0]?.number}/links`, {
          method: 'POST',
          headers: { ...ada.headers, 'content-type': 'application/json' },
          body: JSON.stringify(limits),
        })
        const { url } = await json<{ url: string }>(made)
        const answer = await fetch(url, { redirect: 'manual' })
        await answer.body?.cancel()
        assert.equal(answer.status, status, JSON.stringify(limits))
      }
    })
  })
}

async function json<Body>(answer: Response): Promise<Body> {
  assert.ok(answer.ok, `${answer.status} ${answer.url}`)
  return (await answer.json()) as Body
}

function describeOrders(name: string, open: () => Promise<BucketSettings>): void {
  describe(`an order kept in ${name}`, () => {
    it('is picked up file by file and as a ZIP, and counts though URLs lead on', async (t) => {
      const more = { CLAIMCHECK_ORDER_BATCH_FILES: '2', CLAIMCHECK_STORAGE_REDIRECT_SECONDS: '60' }
      const { server, ada } = await startBucketWorld(t, await open(), more)
      const ids = ['p1', 'p2', 'p3', 'p4', 'p5']
      for (const id of ids) {
        await publish(server.core, { id, files: { [`${id}.txt`]: `bytes of ${id}` } })
      }
      const client = createOrdersClient(server.url)
      const number = await client.order(ada, '*:*')
      const ready = async (count: number): Promise<Listing> => {
        await until(`${count} files are ready`, async () => {
          const { body } = await client.available(ada, number)
          return body.metadata?.totalElements === count
        })
        return (await client.available(ada, number)).body
      }
      for (const { uri, filename } of (await ready(4)).content.slice(0, 2)) {
        const { status, body } = await client.call<string>(ada, uri)
        assert.deepEqual([status, body], [200, `bytes of ${filename.replace('.txt', '')}`])
      }
      await ready(3)
      const zip = await client.call<string>(ada, `/rs-order/user/orders/${number}/download`)
      assert.equal(zip.status, 200)
      assert.match(zip.body, /bytes of p3[\s\S]*bytes of p4[\s\S]*bytes of p5/)
      await until('the order is over', async () => {
        const { status, filesInErrorCount } = await client.show(ada, number)
        return status === 'DONE' && filesInErrorCount === 0
      })
    })
  })
}
