import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fitEnd, printable } from '../../src/cli/printable.ts'

describe('printable()', () => {
  it('takes away what steers a terminal, turns the writing, ends a line or hides', () => {
    for (const code of [0x1b, 0x0a, 0x7f, 0x9b, 0x200b, 0x200e, 0x2028, 0x2029, 0x202e, 0x2066]) {
      assert.equal(printable(`a${String.fromCodePoint(code)}b`), 'a?b', code.toString(16))
    }
    assert.equal(printable('a\u{feff}\u{e0041}b'), 'a??b')
  })

  it('leaves what joins letters and emoji, or keeps them apart', () => {
    for (const text of [
      '\u0645\u06cc\u200c\u062e\u0648',
      '\u{1f469}\u200d\u{1f4bb}',
      'Brot\u00adzeit',
    ]) {
      assert.equal(printable(text), text)
    }
    assert.equal(fitEnd('a\u200cb', 3), 'a\u200cb ')
  })
})
