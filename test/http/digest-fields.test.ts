import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { digestFields, wantsSha256 } from '../../src/http/digest-fields.ts'

/** RFC 9530 appendix B.1: the digest of `{"hello": "world"}` and a line feed. */
const sha256 = '5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1'
const inBase64 = 'X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE='
const md5 = '0cc175b9c0f1b6a831c399e269772661'
const digests = { sha256, md5, crc32: 1 }
const shaMember = `sha-256=:${inBase64}:`
const md5Member = 'md5=:DMF1ucDxtqgxw5niaXcmYQ==:'

const table: [headers: Record<string, string>, fields: Record<string, string>][] = [
  [{}, { 'Repr-Digest': shaMember }],
  [{ 'want-repr-digest': 'sha-256=3, sha-512=10' }, { 'Repr-Digest': shaMember }],
  [{ 'want-repr-digest': 'md5=1' }, { 'Repr-Digest': `${shaMember}, ${md5Member}` }],
  [{ 'want-repr-digest': 'sha-256=0, md5=5' }, { 'Repr-Digest': md5Member }],
  [{ 'want-repr-digest': 'sha-256=0' }, {}],
  [{ 'want-repr-digest': ';;;' }, { 'Repr-Digest': shaMember }],
  [
    { 'want-content-digest': 'sha-256=1' },
    { 'Repr-Digest': shaMember, 'Content-Digest': shaMember },
  ],
  [
    { 'want-digest': 'md5;q=0.5, sha-256' },
    { 'Repr-Digest': shaMember, Digest: `SHA-256=${inBase64}` },
  ],
  [
    { 'want-digest': 'MD5, SHA;q=0.1' },
    { 'Repr-Digest': shaMember, Digest: 'MD5=DMF1ucDxtqgxw5niaXcmYQ==' },
  ],
  [{ 'want-digest': 'SHA-256;q=0, unixsum' }, { 'Repr-Digest': shaMember }],
]

describe('digestFields()', () => {
  for (const [headers, fields] of table) {
    it(`answers ${JSON.stringify(headers)} with ${Object.keys(fields).join(', ') || 'nothing'}`, () => {
      assert.deepEqual(toObject(digestFields(headers, { digests, isWhole: true })), fields)
    })
  }

  it('sends no Content-Digest of a part, and nothing that is not known', () => {
    const headers = { 'want-content-digest': 'sha-256=1', 'want-digest': 'sha-256' }
    const part = toObject(digestFields(headers, { digests, isWhole: false }))
    assert.deepEqual(part, { 'Repr-Digest': shaMember, Digest: `SHA-256=${inBase64}` })
    assert.deepEqual(digestFields(headers, { digests: {}, isWhole: true }), [])
  })
})

describe('wantsSha256()', () => {
  const wanted: [headers: Record<string, string>, answer: boolean][] = [
    [{}, false],
    [{ 'want-repr-digest': 'sha-256=10' }, true],
    [{ 'want-repr-digest': 'sha-512=3, sha-256=1' }, true],
    [{ 'want-repr-digest': 'sha-256=0' }, false],
    [{ 'want-repr-digest': 'md5=9' }, false],
    [{ 'want-repr-digest': 'sha-256' }, false],
    [{ 'want-content-digest': 'sha-256=1' }, true],
    [{ 'want-repr-digest': 'sha-256=0', 'want-content-digest': 'sha-256=1' }, true],
    // As aria2 asks.
    [{ 'want-digest': 'SHA-512;q=1, SHA-256;q=1, SHA;q=0.1' }, true],
    [{ 'want-digest': 'sha-256;q=0, md5' }, false],
  ]
  for (const [headers, answer] of wanted) {
    it(`is ${answer} for ${JSON.stringify(headers)}`, () => {
      assert.equal(wantsSha256(headers), answer)
    })
  }
})

function toObject(flat: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {}
  for (let index = 0; index < flat.length; index += 2) object[flat[index]!] = flat[index + 1]!
  return object
}
