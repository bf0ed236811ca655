import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFileName } from '../../src/core/file-name.ts'

describe('isFileName()', () => {
  for (const name of ['a', 'a.b', '...', '.hidden', 'é 100%.csv', ' ', 'x'.repeat(255)]) {
    it(`takes ${JSON.stringify(name.slice(0, 20))}`, () => assert.ok(isFileName(name)))
  }

  const refused = ['', '.', '..', 'a/b', 'a\\b', '/', 'a\0', 'a\nb', '\x7f', 'x'.repeat(256)]
  for (const name of refused) {
    it(`refuses ${JSON.stringify(name.slice(0, 20))}`, () => assert.ok(!isFileName(name)))
  }
})
