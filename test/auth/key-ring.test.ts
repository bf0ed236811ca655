import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createKeyRing } from '../../src/auth/key-ring.ts'

describe('createKeyRing()', () => {
  const key = (id: string, size = 32) => ({ id, secret: randomBytes(size) })

  it('signs with the first key, and finds all of them', () => {
    const ring = createKeyRing([key('k2'), key('k1')])
    assert.equal(ring.first.id, 'k2')
    assert.equal(ring.find('k1')?.id, 'k1')
    assert.equal(ring.find('k3'), null)
    assert.equal(ring.find('__proto__'), null)
  })

  it('gives each purpose a secret of its own, the same in each process', () => {
    const one = key('k1')
    const { first } = createKeyRing([one])
    assert.equal(first.secretFor('signed-url').length, 32)
    assert.deepEqual(first.secretFor('session'), createKeyRing([one]).first.secretFor('session'))
    assert.notDeepEqual(first.secretFor('session'), first.secretFor('access-token'))
  })

  const wrong: [string, ReturnType<typeof key>[], RegExp][] = [
    ['nothing', [], /no signing key/],
    ['an empty secret', [key('k1', 0)], /has 0 bytes/],
    ['31 bytes', [key('k1', 31)], /has 31 bytes/],
    ['an id with a space', [key('k 1')], /letters, digits/],
    ['a long id', [key('k'.repeat(33))], /1 to 32/],
    ['the same id twice', [key('k1'), key('k1')], /two signing keys with the id "k1"/],
  ]
  for (const [what, keys, sentence] of wrong) {
    it(`refuses ${what} in one sentence`, () => {
      assert.throws(() => createKeyRing(keys), sentence)
    })
  }
})
