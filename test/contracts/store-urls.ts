import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ObjectStore, PresignWish } from '../../src/storage/object-store.ts'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'

/** What holds of the URLs that a store signs itself. */
export function describeStoreUrls(name: string, open: (t: TestContext) => Promise<ObjectStore>) {
  describe(`a URL of ${name}`, () => {
    it('gets the object under the type and the name that it says', async (t) => {
      const { store, urlFor } = await setUp(t)
      const bytes = patternBytes(5000)
      await store.put('a/b', inChunks(bytes))
      const disposition = `attachment; filename="a b.csv"; filename*=UTF-8''%C3%A9%20(1)*.csv`
      const mediaType = 'text/csv; charset=utf-8'
      const answer = await fetch(urlFor({ disposition, mediaType }))
      assert.equal(answer.headers.get('content-disposition'), disposition)
      assert.equal(answer.headers.get('content-type'), mediaType)
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes))
    })

    it('puts an object, and does nothing else', async (t) => {
      const { store, urlFor } = await setUp(t)
      const url = urlFor({ method: 'PUT' })
      assert.equal((await fetch(url, { method: 'PUT', body: 'hello' })).status, 200)
      assert.equal(String(await gather(store.read('a/b', { start: 0, end: 5 }))), 'hello')
      assert.equal((await fetch(url)).status, 403)
      assert.equal((await fetch(url, { method: 'DELETE' })).status, 403)
    })

    it('opens nothing else than what was signed', async (t) => {
      const { store, urlFor } = await setUp(t)
      await store.put('a/b', inChunks(patternBytes(10)))
      const url = urlFor({ mediaType: 'text/csv' })
      assert.equal((await fetch(url)).status, 200)
      const touched = [
        url.replace('/b?', '/c?'),
        url.replace('text%2Fcsv', 'text%2Fhtml'),
        url.replace('X-Amz-Expires=60', 'X-Amz-Expires=61'),
        `${url}&response-cache-control=public`,
      ]
      for (const other of touched) assert.equal((await fetch(other)).status, 403, other)
    })

    it('says any text as it is', async (t) => {
      const { store, urlFor } = await setUp(t)
      await store.put('a/b', inChunks(patternBytes(10)))
      const text = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
      const property = fc.asyncProperty(text, async (inside) => {
        const disposition = `x${inside}x`
        const answer = await fetch(urlFor({ disposition }))
        assert.equal(answer.headers.get('content-disposition'), disposition)
      })
      await fc.assert(property, { numRuns: 50 })
    })
  })

  async function setUp(t: TestContext) {
    const store = await open(t)
    const urlFor = (wish: Partial<PresignWish>): string =>
      store.presign?.('a/b', { method: 'GET', seconds: 60, ...wish }) ?? ''
    return { store, urlFor }
  }
}
