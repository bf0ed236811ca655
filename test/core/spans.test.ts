import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { coverAll, mergeSpans } from '../../src/core/spans.ts'

const span = fc
  .tuple(fc.nat(40), fc.nat(12))
  .map(([start, length]) => ({ start, end: start + length }))

describe('mergeSpans()', () => {
  it('covers the same bytes, in order and without touching neighbours', () => {
    fc.assert(
      fc.property(fc.array(span), (spans) => {
        const merged = mergeSpans(spans)
        assert.deepEqual(bytesOf(merged), bytesOf(spans))
        for (const [index, { start }] of merged.entries()) {
          const before = merged[index - 1]
          assert.ok(before === undefined || before.end < start)
        }
      }),
    )
  })

  it('tells whether all bytes are covered', () => {
    fc.assert(
      fc.property(fc.array(span), fc.nat(50), (spans, size) => {
        const covered = new Set(bytesOf(spans))
        const all = Array.from({ length: size }, (_, byte) => byte).every((byte) =>
          covered.has(byte),
        )
        assert.equal(coverAll(mergeSpans(spans), size), all)
      }),
    )
  })
})

function bytesOf(spans: readonly { start: number; end: number }[]): number[] {
  const bytes = new Set<number>()
  for (const { start, end } of spans) for (let byte = start; byte < end; byte += 1) bytes.add(byte)
  return [...bytes].sort((a, b) => a - b)
}
