import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageError } from '../../src/cli/command.ts'
import { readGetOptions } from '../../src/cli/get-options.ts'
import { createRateLimit } from '../../src/client/files/rate-limit.ts'
import { createTestClient, createTestWait, get } from '../support/get.ts'
import { etagOf, someBytes, startHostileServer } from '../support/hostile-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** So much may come at once, in ms of the rate: what a wait takes too long is not lost. */
const burstMs = 250

describe('the rate limit', () => {
  it('is read as powers of 1,024', () => {
    assert.equal(readGetOptions({ 'limit-rate': '2M' }).rateLimit, 2 * 1024 * 1024)
    assert.equal(readGetOptions({ 'limit-rate': '500' }).rateLimit, 500)
    assert.equal(readGetOptions({}).rateLimit, undefined)
    for (const wrong of ['fast', '0', '-1', '1X']) {
      assert.throws(() => readGetOptions({ 'limit-rate': wrong }), UsageError)
    }
  })

  it('lets bytes through as fast as it says, and saves no more than a moment up', async () => {
    let time = 0
    const limit = createRateLimit(
      1000,
      async (ms) => {
        time += ms
      },
      () => time,
    )
    for (let taken = 0; taken < 20; taken += 1) await limit.take(500)
    assert.equal(time, 10_000)
    // Nothing came for a minute: this does not let a minute's bytes through at once.
    time += 60_000
    await limit.take(1000)
    assert.equal(time, 10_000 + 60_000 + 1000 - burstMs)
  })

  for (const [title, size, options] of [
    ['small files, eight at a time', 20_000, {}],
    [
      'a large file by several connections',
      9_000_000,
      { splitBytes: 1, enoughRate: Number.POSITIVE_INFINITY },
    ],
  ] as const) {
    it(`is shared by ${title}`, async (t) => {
      const server = await startHostileServer(t)
      const count = size < 1_000_000 ? 30 : 1
      const files = Array.from({ length: count }, (_, index) => ({
        name: `${index}`,
        url: `/${index}`,
      }))
      for (const [index, { url }] of files.entries()) {
        const bytes = someBytes(size, index + 1)
        server.files.set(url, { bytes, etag: etagOf(bytes) })
      }
      // The clock stands still, so that what is asked to wait is what all bytes so far take.
      const wait = createTestWait()
      const client = createTestClient(server.url, { wait, now: () => 0 })
      const { report } = await get(client, server.url, {
        folder: await temporaryFolder(t),
        text: JSON.stringify({ files }),
        rateLimit: 1000,
        ...options,
      })
      assert.equal(report.fetched, count)
      assert.equal(Math.round(Math.max(...wait.asked)), size * count)
    })
  }
})
