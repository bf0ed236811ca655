import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGate } from '../../src/auth/gate.ts'
import { hashPassword, isPassword, parsePassword } from '../../src/auth/password.ts'
import { refusal } from '../support/refusal.ts'

const cheap = { memory: 64, passes: 1, parallelism: 1 }

describe('hashPassword()', () => {
  it('writes a PHC string at the cost that OWASP asks for, salted anew each time', async () => {
    const hash = await hashPassword('correct horse')
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.notEqual(await hashPassword('correct horse'), hash)
    assert.equal(await isPassword('correct horse', hash), true)
    assert.equal(await isPassword('correct horsf', hash), false)
  })

  it('takes both forms in which a keyboard may send é', async () => {
    const hash = await hashPassword('p\u00e9p\u00e9-p\u00e9p\u00e9', cheap)
    assert.equal(await isPassword('pe\u0301pe\u0301-pe\u0301pe\u0301', hash), true)
    assert.equal(await isPassword('pepe-pepe', hash), false)
  })
})

describe('isPassword()', () => {
  it('knows a hash of the reference implementation', async () => {
    // phc-winner-argon2, test.c: version 0x13, argon2id, t=2, m=8 (256 KiB), p=1, "password", "somesalt".
    const hash =
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    assert.equal(await isPassword('password', hash), true)
    assert.equal(await isPassword('Password', hash), false)
  })

  it('finds every password wrong for a user who is not there', async () => {
    for (const password of ['', 'password', 'x'.repeat(10_000), '\0']) {
      assert.equal(await isPassword(password, null), false)
    }
  })

  it('refuses what is no argon2id hash rather than calling it wrong', async () => {
    for (const hash of ['', 'plain', '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA']) {
      await assert.rejects(isPassword('password', hash), /not an argon2id PHC string/)
    }
  })
})

describe('parsePassword()', () => {
  it('takes 8 to 200 characters without control characters', async () => {
    for (const password of ['12345678', 'a b:c:d é', '🔑'.repeat(200)]) {
      assert.equal(parsePassword(password), password)
    }
    for (const password of [
      '',
      '1234567',
      'x'.repeat(201),
      'abcdefg\0',
      'abcdefgh\n',
      'abcdefg\ud800',
    ]) {
      await refusal('invalid', () => parsePassword(password))
    }
  })
})

describe('createGate()', () => {
  it('runs so many at once, in order, and sends away who would wait too long', async () => {
    const gate = createGate({ atOnce: 2, waiting: 3 })
    let running = 0
    let most = 0
    const order: number[] = []
    const releases: (() => void)[] = []
    const work = (n: number) =>
      gate(async () => {
        order.push(n)
        running += 1
        most = Math.max(most, running)
        await new Promise<void>((release) => releases.push(release))
        running -= 1
        if (n === 2) throw new Error('two')
        return n
      })
    const all = [0, 1, 2, 3, 4].map(work)
    const settled = Promise.allSettled(all)
    const refused = await refusal('unavailable', work(5))
    assert.equal(typeof refused.details.retryAfter, 'number')
    while (order.length < 5 || releases.length > 0) {
      releases.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const states = (await settled).map(({ status }) => status)
    assert.deepEqual(states, ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    assert.deepEqual(order, [0, 1, 2, 3, 4])
    assert.equal(most, 2)
    const again = work(6)
    releases.shift()?.()
    assert.equal(await again, 6)
  })
})
