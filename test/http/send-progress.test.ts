import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mergeSpans } from '../../src/core/spans.ts'
import { serve } from '../contracts/content-answers.ts'
import { until } from '../support/until.ts'

const MIB = 1024 * 1024
const zeros = Buffer.alloc(MIB)

describe('sendContent()', () => {
  it('tells what went out of a long span in pieces that follow each other', async (t) => {
    const size = 80 * MIB + 1
    const served = await serve(t, {
      bytes: Buffer.alloc(0),
      content: {
        size,
        mediaType: 'application/octet-stream',
        etag: '"zeros"',
        lastModified: new Date(0),
        digests: {},
        async *read({ start, end }) {
          for (let left = end - start; left > 0; left -= MIB) yield zeros.subarray(0, left)
        },
      },
    })
    const { body } = await served.ask()
    assert.equal(body.length, size)
    const told = () => served.sent.reduce((sum, { start, end }) => sum + end - start, 0)
    // The last byte can be read before it is told that it went out.
    await until('the last piece is told', () => told() >= size)
    assert.equal(told(), size)
    assert.ok(served.sent.length >= 3)
    assert.deepEqual(mergeSpans(served.sent), [{ start: 0, end: size }])
  })
})
