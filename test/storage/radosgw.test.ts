import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeBucket } from '../contracts/bucket.ts'
import { gather, inChunks, patternBytes } from '../support/bytes.ts'
import { hasRadosgw, radosgwPackages, startRadosgw } from '../support/radosgw.ts'
import { openTestS3 } from '../support/s3-store.ts'
import { suiteCleanup } from '../support/suite-cleanup.ts'

const MIB = 1024 * 1024

if (hasRadosgw()) {
  const radosgw = startRadosgw(suiteCleanup())
  describeBucket('a bucket of a RADOS Gateway', async () => (await radosgw).settings)

  describe('a RADOS Gateway that is killed and comes back', () => {
    it('is written to and read from as if it had not been away', async (t) => {
      const { settings, kill, restart } = await radosgw
      const store = await openTestS3(t, settings, { patienceMs: 60_000 })
      const bytes = patternBytes(40 * MIB)
      const fail = async () => {
        await kill()
        await restart()
      }
      await store.put('a', failing(inChunks(bytes, MIB), 12, fail))
      const span = { start: 0, end: bytes.length }
      assert.ok((await gather(failing(store.read('a', span), 100, fail))).equals(bytes))
      assert.equal(await store.removeAbandoned(Date.now() + 3_600_000), 0)
    })
  })

  describe('a RADOS Gateway that is asked to encrypt', () => {
    it('stores whole objects and those in parts', async (t) => {
      const { settings } = await radosgw
      const store = await openTestS3(t, settings, { encryption: 'AES256' })
      for (const size of [1000, 6 * MIB]) {
        const bytes = patternBytes(size)
        await store.put('a', inChunks(bytes, MIB))
        assert.ok((await gather(store.read('a', { start: 0, end: size }))).equals(bytes))
      }
    })
  })
} else {
  const reason = `it is not installed (Debian: ${radosgwPackages}); the fake store was there`
  it('what the fake store does also holds on a real RADOS Gateway', { skip: reason })
}

/** The same chunks; something happens before one of them. */
async function* failing(
  chunks: AsyncIterable<Uint8Array>,
  at: number,
  fail: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let index = 0
  for await (const chunk of chunks) {
    if (index === at) await fail()
    index += 1
    yield chunk
  }
}
