import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatHttpDate, parseHttpDate } from '../../src/http/http-date.ts'

const now = Date.UTC(2026, 10, 21)
const example = Date.UTC(1994, 10, 6, 8, 49, 37)

const table: [field: string, time: number | null][] = [
  ['Sun, 06 Nov 1994 08:49:37 GMT', example],
  ['Sunday, 06-Nov-94 08:49:37 GMT', example],
  ['Sun Nov  6 08:49:37 1994', example],
  ['Thursday, 06-Nov-75 08:49:37 GMT', Date.UTC(2075, 10, 6, 8, 49, 37)],
  ['Sunday, 06-Nov-77 08:49:37 GMT', Date.UTC(1977, 10, 6, 8, 49, 37)],
  ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2016, 11, 31, 23, 59, 59)],
  ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
  ['Wed, 29 Feb 2023 00:00:00 GMT', null],
  ['Sun, 06 Nov 1994 24:00:00 GMT', null],
  ['Sun, 06 Nov 1994 08:49:37 UTC', null],
  ['Sun, 6 Nov 1994 08:49:37 GMT', null],
  ['sun, 06 nov 1994 08:49:37 gmt', null],
  ['1994-11-06T08:49:37Z', null],
  ['784111777', null],
  ['', null],
]

describe('parseHttpDate()', () => {
  for (const [field, time] of table) {
    it(`RFC 9110 §5.6.7: reads "${field}" as ${time}`, () => {
      assert.equal(parseHttpDate(field, now), time)
    })
  }

  it('reads what formatHttpDate() writes', () => {
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 })
    const property = fc.property(seconds, (second) => {
      const field = formatHttpDate(new Date(second * 1000 + 999))
      assert.equal(parseHttpDate(field, now), second * 1000)
    })
    fc.assert(property)
  })
})
