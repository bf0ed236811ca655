import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseRange } from '../../src/http/range.ts'

describe('parseRange()', () => {
  it('gives spans that lie inside, apart from each other, and cover what was asked', () => {
    const size = 10_000
    const number = fc.integer({ min: 0, max: 12_000 })
    const specifier = fc.oneof(
      fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      number.map((first) => `${first}-`),
      number.map((suffix) => `-${suffix}`),
    )
    const property = fc.property(fc.array(specifier, { minLength: 1, maxLength: 64 }), (asked) => {
      const verdict = parseRange(`bytes=${asked.join(', ')}`, size)
      const wanted = wantedBytes(asked, size)
      if (verdict.kind !== 'spans') {
        assert.equal(verdict.kind, 'unsatisfiable')
        assert.ok(!wanted.includes(1))
        return
      }
      const given = new Uint8Array(size)
      for (const { start, end } of verdict.spans) {
        assert.ok(start >= 0 && start < end && end <= size)
        assert.ok(!given.subarray(start, end).includes(1), 'no byte twice')
        given.fill(1, start, end)
      }
      for (const [place, isWanted] of wanted.entries()) assert.ok(given[place]! >= isWanted)
    })
    fc.assert(property, { numRuns: 300 })
  })

  it('takes any text without throwing, and only bytes ranges as such', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'bytes=0123456789-, \t') }),
      fc.string({ unit: fc.constantFrom(...'0123456789-, ') }).map((rest) => `bytes=${rest}`),
    )
    const property = fc.property(text, (field) => {
      const verdict = parseRange(field, 1000)
      if (!/^\s*bytes\s*=/i.test(field)) assert.equal(verdict.kind, 'ignored')
    })
    fc.assert(property, { numRuns: 3000 })
  })

  it('keeps numbers near 2^53 exact', () => {
    const size = Number.MAX_SAFE_INTEGER
    const span = { start: size - 1, end: size }
    for (const field of [`bytes=${size - 1}-`, `bytes=${size - 1}-${size}`, 'bytes=-1']) {
      assert.deepEqual(parseRange(field, size), { kind: 'spans', spans: [span] })
    }
    assert.equal(parseRange('bytes=9007199254740993-9007199254740992', size).kind, 'ignored')
    assert.equal(parseRange('bytes=9007199254740992-9007199254740993', size).kind, 'unsatisfiable')
  })

  it('ignores more ranges than anybody needs', () => {
    const many = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, index) => `${index * 100}-${index * 100}`)}`
    assert.equal(parseRange(many(64), 100_000).kind, 'spans')
    assert.equal(parseRange(many(65), 100_000).kind, 'ignored')
  })
})

function wantedBytes(asked: readonly string[], size: number): Uint8Array {
  const wanted = new Uint8Array(size)
  for (const specifier of asked) {
    const [first = '', last = ''] = specifier.split('-')
    if (first === '') wanted.fill(1, Math.max(size - Number(last), 0), size)
    else wanted.fill(1, Number(first), last === '' ? size : Number(last) + 1)
  }
  return wanted
}
