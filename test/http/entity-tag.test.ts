import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { matchesStrongly, matchesWeakly, parseEntityTags } from '../../src/http/entity-tag.ts'

const strong = (opaque: string) => ({ weak: false, opaque })
const weak = (opaque: string) => ({ weak: true, opaque })

const table: [field: string, tags: ReturnType<typeof parseEntityTags>][] = [
  ['*', '*'],
  ['"xyzzy"', [strong('"xyzzy"')]],
  ['"xyzzy", "r2d2xxxx", "c3piozzzz"', ['"xyzzy"', '"r2d2xxxx"', '"c3piozzzz"'].map(strong)],
  ['W/"xyzzy", W/"r2d2xxxx"', [weak('"xyzzy"'), weak('"r2d2xxxx"')]],
  ['"a,b" ,\t"c"', [strong('"a,b"'), strong('"c"')]],
  [', "a",, "b",', [strong('"a"'), strong('"b"')]],
  ['""', [strong('""')]],
  ['w/"a"', null],
  ['"a" "b"', null],
  ['"a", *', null],
  ['"a', null],
  ['a', null],
  ['"a b"', null],
  ['', null],
]

describe('parseEntityTags()', () => {
  for (const [field, tags] of table) {
    it(`RFC 9110 §8.8.3: reads ${field || 'nothing'}`, () => {
      assert.deepEqual(parseEntityTags(field), tags)
    })
  }

  it('reads any text without throwing and in linear time', () => {
    fc.assert(fc.property(fc.string(), (field) => void parseEntityTags(field)))
    assert.equal(parseEntityTags(`"a"${', '.repeat(8000)}x`), null)
  })
})

describe('matchesStrongly() and matchesWeakly()', () => {
  const rows: [one: string, other: string, strongly: boolean, weakly: boolean][] = [
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
  ]
  for (const [one, other, strongly, weakly] of rows) {
    it(`RFC 9110 §8.8.3.2: compares ${one} with ${other}`, () => {
      const tags = parseEntityTags(one)
      if (tags === null || tags === '*') throw new Error('no tag')
      assert.equal(matchesStrongly(tags[0]!, other), strongly)
      assert.equal(matchesWeakly(tags[0]!, other), weakly)
    })
  }
})
