import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { hasRadosgw } from '../support/radosgw.ts'
import { full } from '../support/size.ts'
import { noPostgres } from '../support/test-database.ts'
import { type ChaosSize, runChaos } from './run-chaos.ts'

const store = hasRadosgw() ? 'real' : 'fake'
const large = { nodes: 3, workers: 2, leaseSeconds: 3, longestMs: 10_000, store } as const
const sizes = {
  short: {
    ...{ nodes: 2, workers: 1, clients: 20, rounds: 5 },
    ...{ leaseSeconds: 1, longestMs: 2500, store: 'fake' },
  },
  middle: { ...large, clients: 60, rounds: 8 },
  long: { ...large, clients: 200, rounds: 15 },
} as const satisfies Record<string, ChaosSize>

const isLong = process.env.CLAIMCHECK_CHAOS_SIZE === 'long'
const size = isLong ? sizes.long : full ? sizes.middle : sizes.short
/** Only the long one looks for what nobody has seen yet. */
const seed = process.env.CLAIMCHECK_CHAOS_SEED ?? (isLong ? String(randomInt(2 ** 32)) : '1')

describe('three nodes while everything goes wrong', { skip: noPostgres }, () => {
  it('lose nothing, do nothing twice, and deliver every byte right', (t) => runChaos(t, seed, size))
})
