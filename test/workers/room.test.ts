import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { accountsWithoutRoom } from '../../src/workers/room.ts'

describe('accountsWithoutRoom()', () => {
  const rows: [string, number, string[]][] = [
    ['', 1, []],
    ['', 8, []],
    ['a', 3, []],
    ['aa', 2, ['a']],
    ['a', 1, ['a']],
    ['aaaa', 4, ['a']],
    ['aaab', 4, []],
    ['aaaabb', 2, ['a', 'b']],
    ['aaaabbc', 1, ['a', 'b', 'c']],
  ]
  for (const [holders, free, expected] of rows) {
    it(`of ${holders || 'nobody'} with ${free} free: ${expected.join(', ') || 'none'}`, () => {
      assert.deepEqual(accountsWithoutRoom([...holders], free), expected)
    })
  }

  it('lets so many accounts fill a node, and not fewer', () => {
    for (const [places, accounts] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 3],
      [8, 4],
      [64, 7],
    ] as const) {
      const holders: string[] = []
      const hasRoom = (account: string) =>
        holders.length < places &&
        !accountsWithoutRoom(holders, places - holders.length).includes(account)
      for (let account = 0; account < accounts; account += 1) {
        while (hasRoom(`${account}`)) holders.push(`${account}`)
      }
      assert.equal(holders.length, places)
      assert.equal(new Set(holders).size, accounts, `${places} places`)
    }
  })
})
