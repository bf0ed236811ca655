import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultKinds, makePlan } from './plan.ts'

const size = { nodes: 2, workers: 1, rounds: 5, longestMs: 1000, without: [] }

describe('makePlan()', () => {
  it('makes the same plan of the same seed, and another of another', () => {
    assert.deepEqual(makePlan('1', size), makePlan('1', size))
    assert.notDeepEqual(makePlan('1', size), makePlan('2', size))
  })

  it('lets everything go wrong in twice as many rounds as it needs, never twice at one place', () => {
    for (let seed = 0; seed < 100; seed++) {
      const plan = makePlan(String(seed), { ...size, rounds: 10 })
      const kinds = new Set(plan.flat().map(({ kind }) => kind))
      assert.deepEqual(kinds, new Set(faultKinds), `seed ${seed}`)
      for (const [one, other] of plan) {
        const places = [one, other].map((fault) => fault?.kind.split(' ').slice(-2).join(' '))
        assert.notEqual(places[0], places[1], `seed ${seed}`)
      }
    }
  })

  it('leaves out what cannot be done', () => {
    const plan = makePlan('1', { ...size, rounds: 20, without: ['fill the disk of a node'] })
    assert.ok(plan.flat().every(({ kind }) => kind !== 'fill the disk of a node'))
  })
})
