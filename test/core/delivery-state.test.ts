import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isOver, mayFollow } from '../../src/core/delivery-state.ts'
import type { DeliveryState } from '../../src/database/tables.ts'

const states: DeliveryState[] = [
  ...(['pending', 'running', 'paused', 'done', 'incomplete'] as const),
  ...(['failed', 'canceled', 'expired'] as const),
]

describe('the delivery state machine', () => {
  it('lets nothing follow "expired", and everything become it', () => {
    for (const state of states) {
      assert.equal(mayFollow('expired', state), false)
      assert.equal(mayFollow(state, 'expired'), state !== 'expired')
    }
  })

  it('never leads from one end to another, expiry aside', () => {
    for (const from of states.filter(isOver)) {
      for (const to of states.filter(isOver)) {
        if (to !== 'expired') assert.equal(mayFollow(from, to), false, `${from} → ${to}`)
      }
    }
  })

  it('never takes back what is done', () => {
    assert.deepEqual(
      states.filter((state) => mayFollow('done', state)),
      ['expired'],
    )
  })

  it('reaches every state from "pending"', () => {
    const reached = new Set<DeliveryState>(['pending'])
    for (const from of reached) {
      for (const to of states) if (mayFollow(from, to)) reached.add(to)
    }
    assert.deepEqual([...reached].sort(), [...states].sort())
  })
})
