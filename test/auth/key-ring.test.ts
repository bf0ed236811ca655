import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createKeyRing, newKey, parseKeyRing } from '../../src/auth/key-ring.ts'

describe('parseKeyRing()', () => {
  it('reads what newKey() writes; the first key signs, all are found', () => {
    const ring = parseKeyRing(`${newKey('k2')}, ${newKey('k1')}`)
    assert.equal(ring.first.id, 'k2')
    assert.equal(ring.find('k1')?.id, 'k1')
    assert.equal(ring.find('k3'), null)
    assert.equal(ring.find('__proto__'), null)
  })

  it('gives each purpose a secret of its own, the same in each process', () => {
    const text = newKey('k1')
    const { first } = parseKeyRing(text)
    assert.equal(first.secretFor('signed-url').length, 32)
    assert.deepEqual(first.secretFor('session'), parseKeyRing(text).first.secretFor('session'))
    assert.notDeepEqual(first.secretFor('session'), first.secretFor('access-token'))
  })

  const good = newKey('k1')
  const wrong: [string, string, RegExp][] = [
    ['nothing', '', /no signing key/],
    ['commas only', ' , ,', /no signing key/],
    ['no colon', 'k1', /number 1 is not "id:secret"/],
    ['no id', `:${good}`, /number 1 is not/],
    ['no secret', 'k1:', /has 0 bytes/],
    ['31 bytes', `k1:${Buffer.alloc(31, 7).toString('base64url')}`, /has 31 bytes/],
    ['plain base64', `k1:${Buffer.alloc(40, 255).toString('base64')}`, /number 1 is not/],
    ['an id with a space', good.replace('k1', 'k 1'), /letters, digits/],
    ['a long id', good.replace('k1', 'k'.repeat(33)), /1 to 32/],
    ['the same id twice', `${good},${newKey('k1')}`, /two signing keys with the id "k1"/],
    ['rubbish in the second', `${good},k2:***`, /number 2/],
  ]
  for (const [what, text, sentence] of wrong) {
    it(`refuses ${what} with a sentence that tells no secret`, () => {
      assert.throws(
        () => parseKeyRing(text),
        (error: Error) => sentence.test(error.message) && !error.message.includes(good.slice(3)),
      )
    })
  }
})

describe('createKeyRing()', () => {
  it('takes key objects as well as bytes', () => {
    const secret = randomBytes(32)
    const ring = createKeyRing([{ id: 'a', secret: createSecretKey(secret) }])
    assert.deepEqual(
      ring.first.secretFor('session'),
      createKeyRing([{ id: 'a', secret }]).first.secretFor('session'),
    )
  })
})
