import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { contentDisposition, safeFileName } from '../../src/http/content-disposition.ts'

const table: [name: string, rest: string][] = [
  ['plain.csv', 'filename="plain.csv"'],
  ['two words; and more.csv', 'filename="two words; and more.csv"'],
  ['naïve.bin', `filename="naive.bin"; filename*=UTF-8''na%C3%AFve.bin`],
  ['€ rates.txt', `filename="_ rates.txt"; filename*=UTF-8''%E2%82%AC%20rates.txt`],
  ['a"b.txt', `filename="a_b.txt"; filename*=UTF-8''a%22b.txt`],
  ['50%.txt', `filename="50_.txt"; filename*=UTF-8''50%25.txt`],
  ["it's (1)*.txt", `filename="it's (1)*.txt"`],
  ["é'()*.txt", `filename="e'()*.txt"; filename*=UTF-8''%C3%A9%27%28%29%2A.txt`],
  ['../../etc/passwd', 'filename=".._.._etc_passwd"'],
  ['C:\\temp\\x.txt', 'filename="C:_temp_x.txt"'],
  ['a\r\nSet-Cookie: x=1.txt', 'filename="aSet-Cookie: x=1.txt"'],
  ['nul\0.txt', 'filename="nul.txt"'],
  ['photo\u202egpj.exe', 'filename="photogpj.exe"'],
  ['😀.png', `filename="_.png"; filename*=UTF-8''%F0%9F%98%80.png`],
  ['\ud800.png', `filename="_.png"; filename*=UTF-8''%EF%BF%BD.png`],
  ['℀.txt', `filename="a_c.txt"; filename*=UTF-8''%E2%84%80.txt`],
  ['\u0f71', `filename="_"; filename*=UTF-8''%E0%BD%B1`],
  ['', 'filename="download"'],
  ['..', 'filename="download"'],
  [' \t\r\n. ', 'filename="download"'],
]

describe('contentDisposition()', () => {
  for (const [name, rest] of table) {
    it(`writes ${JSON.stringify(name)} as ${rest}`, () => {
      assert.equal(contentDisposition(name, 'attachment'), `attachment; ${rest}`)
      assert.equal(contentDisposition(name, 'inline'), `inline; ${rest}`)
    })
  }

  it('cuts a very long name and keeps its extension', () => {
    for (const name of [`${'x'.repeat(5000)}.tar`, `${'ü😀'.repeat(900)}.csv`]) {
      const safe = safeFileName(name)
      assert.ok(Buffer.byteLength(safe) <= 255)
      assert.ok(Buffer.byteLength(safe) > 240)
      assert.match(safe, /\.(tar|csv)$/)
      assert.ok(safe.isWellFormed())
    }
  })

  it('is one safe line for any name, and says the safe name', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const field = contentDisposition(name, 'attachment')
      const match =
        /^attachment; filename="([\x20\x21\x23\x24\x26-\x5b\x5d-\x7e]+)"(?:; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+))?$/.exec(
          field,
        )
      assert.ok(match !== null, field)
      assert.ok(field.length < 1200)
      const safe = safeFileName(name)
      assert.equal(match[2] === undefined ? match[1] : decodeURIComponent(match[2]), safe)
      assert.doesNotMatch(safe, /[/\\]/)
      assert.equal(safeFileName(safe), safe)
    })
    fc.assert(property, { numRuns: 2000 })
  })
})
