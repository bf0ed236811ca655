import { createChance } from './chance.ts'

export const faultKinds = [
  'kill a node',
  'pause a node',
  'shift the clock of a node',
  'fill the disk of a node',
  'kill a worker',
  'pause a worker',
  'restart PostgreSQL',
  'crash PostgreSQL',
  'cut the store off',
  'freeze the store',
] as const

export type FaultKind = (typeof faultKinds)[number]

/** Something that goes wrong, and how long it stays so. */
export interface Fault {
  readonly kind: FaultKind
  /** Which node or worker, from 0; 0 for what there is one of. */
  readonly which: number
  readonly forMs: number
}

/** Faults that strike together. */
export type Round = readonly Fault[]

export interface PlanSize {
  readonly nodes: number
  readonly workers: number
  readonly rounds: number
  /** Who is paused, and the store, is away for so long: longer than a lease. Other faults may be over sooner. */
  readonly longestMs: number
  /** What cannot be done here. */
  readonly without: readonly FaultKind[]
}

/**
 * The same seed and size make the same plan. Kinds are dealt like cards, two at a time, never both for
 * the same place; nodes and workers have their turns.
 */
export function makePlan(seed: string, size: PlanSize): Round[] {
  const chance = createChance(seed)
  const kinds = faultKinds.filter((kind) => !size.without.includes(kind))
  const turns = { node: chance.below(size.nodes), worker: chance.below(size.workers) }
  let deck: FaultKind[] = []

  function draw(beside: FaultKind | null): Fault {
    if (deck.length === 0) deck = chance.shuffle(kinds)
    const at = deck.findIndex((kind) => beside === null || fits(kind, beside, size))
    // Nothing left in the deck goes with the other one.
    if (at === -1) deck = [...chance.shuffle(kinds), ...deck]
    const [kind] = at === -1 ? [] : deck.splice(at, 1)
    return kind === undefined ? draw(beside) : faultOf(kind)
  }

  function faultOf(kind: FaultKind): Fault {
    const which = whichOf(placeOf(kind))
    const isBrief = !/^(pause|cut|freeze)/.test(kind)
    const forMs = isBrief ? (size.longestMs * (1 + chance.below(4))) / 4 : size.longestMs
    return { kind, which, forMs }
  }

  function whichOf(place: Place): number {
    if (place === 'node') return turns.node++ % size.nodes
    if (place === 'worker') return turns.worker++ % size.workers
    return 0
  }

  return Array.from({ length: size.rounds }, () => {
    const first = draw(null)
    return [first, draw(first.kind)]
  })
}

type Place = 'node' | 'worker' | 'database' | 'store'

function placeOf(kind: FaultKind): Place {
  if (kind.endsWith('PostgreSQL')) return 'database'
  if (kind.includes('the store')) return 'store'
  return kind.endsWith('a node') ? 'node' : 'worker'
}

/** Two nodes, or two workers, may be struck together where there is a third. */
function fits(kind: FaultKind, beside: FaultKind, { nodes, workers }: PlanSize): boolean {
  const place = placeOf(kind)
  if (place !== placeOf(beside)) return true
  return (place === 'node' && nodes > 2) || (place === 'worker' && workers > 2)
}
