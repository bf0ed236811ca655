import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBackoff, networkOf } from '../../src/auth/backoff.ts'
import { DeliveryError } from '../../src/core/errors.ts'
import { createTestClock } from '../support/test-core.ts'

function setUp(most?: number) {
  const clock = createTestClock()
  const backoff = createBackoff(clock, most)
  /** One wrong password; the seconds to wait when it is not even looked at. */
  const fail = (username: string, address: string): number => {
    try {
      backoff.begin(username, address).fail()
      return 0
    } catch (error) {
      assert.ok(error instanceof DeliveryError)
      assert.equal(error.code, 'locked_out')
      return Number(error.details.retryAfter)
    }
  }
  const failTimes = (times: number, username: string, address: string): void => {
    for (let i = 0; i < times; i += 1) assert.equal(fail(username, address), 0)
  }
  return { clock, backoff, fail, failTimes }
}

describe('createBackoff()', () => {
  it('lets five failures pass, then makes the waits grow, to 15 minutes at most', () => {
    const { clock, fail, failTimes } = setUp()
    failTimes(5, 'ada', '192.0.2.1')
    const waits: number[] = []
    for (let i = 0; i < 13; i += 1) {
      const wait = fail('ada', '192.0.2.1')
      waits.push(wait)
      clock.pass(wait * 1000 - 1)
      assert.equal(fail('ada', '192.0.2.1'), 1, 'not a millisecond early')
      clock.pass(1)
      assert.equal(fail('ada', '192.0.2.1'), 0)
    }
    assert.deepEqual(waits.slice(0, 6), [1, 2, 4, 8, 16, 32])
    assert.ok(Math.max(...waits) <= 900)
  })

  it('attempts that are not looked at do not lengthen the wait', () => {
    const { clock, fail, failTimes } = setUp()
    failTimes(5, 'ada', '192.0.2.1')
    for (let i = 0; i < 1000; i += 1) assert.equal(fail('ada', '192.0.2.1'), 1)
    clock.pass(1000)
    assert.equal(fail('ada', '192.0.2.1'), 0)
  })

  it('forgets after a success, and after a quiet hour', () => {
    const { backoff, clock, fail, failTimes } = setUp()
    failTimes(4, 'ada', '192.0.2.1')
    backoff.begin('ada', '192.0.2.1').succeed()
    failTimes(5, 'ada', '192.0.2.1')
    assert.ok(fail('ada', '192.0.2.1') > 0)
    clock.pass(60 * 60_000)
    failTimes(5, 'ada', '192.0.2.1')
  })

  it('counts attempts that run at the same time', () => {
    const { backoff } = setUp()
    const running = Array.from({ length: 5 }, () => backoff.begin('ada', '192.0.2.1'))
    assert.throws(() => backoff.begin('ada', '192.0.2.1'), { code: 'locked_out' })
    for (const attempt of running) attempt.withdraw()
    backoff.begin('ada', '192.0.2.1')
  })

  it('a flood for one user does not lock that user out elsewhere', () => {
    const { clock, backoff, fail } = setUp()
    for (let i = 0; i < 20_000; i += 1) {
      fail('ada', `198.51.${i % 100}.${i % 250}`)
      clock.pass(10)
    }
    backoff.begin('ada', '192.0.2.1').fail()
    const wait = fail('ada', '192.0.2.1')
    assert.ok(wait > 0 && wait <= 60, 'a second try waits a minute at most')
    clock.pass(wait * 1000)
    backoff.begin('ada', '192.0.2.1').succeed()
  })

  it('slows down an address that tries many users, and lets others be', () => {
    const { fail } = setUp()
    let refused = 0
    for (let i = 0; i < 200; i += 1) if (fail(`user${i}`, '198.51.100.7') > 0) refused += 1
    assert.equal(refused, 150)
    assert.equal(fail('ada', '192.0.2.1'), 0)
  })

  it('a success does not wash an address clean', () => {
    const { backoff, fail } = setUp()
    for (let i = 0; i < 49; i += 1) fail(`user${i}`, '198.51.100.7')
    backoff.begin('mallory', '198.51.100.7').succeed()
    fail('last', '198.51.100.7')
    assert.ok(fail('one-more', '198.51.100.7') > 0)
  })

  it('remembers no more than it was told to', () => {
    const { fail, failTimes } = setUp(100)
    failTimes(5, 'ada', '192.0.2.1')
    assert.ok(fail('ada', '192.0.2.1') > 0)
    for (let i = 0; i < 100; i += 1) fail(`user${i}`, `198.51.100.${i}`)
    assert.equal(fail('ada', '192.0.2.1'), 0, 'the oldest has made room')
  })
})

describe('networkOf()', () => {
  const table: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
    ['unknown', 'unknown'],
  ]
  for (const [address, network] of table) {
    it(`takes ${address || 'nothing'} for ${network || 'nothing'}`, () => {
      assert.equal(networkOf(address), network)
    })
  }
})
