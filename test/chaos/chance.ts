import { createHash } from 'node:crypto'

/** Chance that is the same for the same seed. */
export interface Chance {
  /** A whole number from 0 to below `end`. */
  below(end: number): number
  /** One of several. */
  pick<T>(all: readonly T[]): T
  /** All of them in some order. */
  shuffle<T>(all: readonly T[]): T[]
}

export function createChance(seed: string): Chance {
  let count = 0

  function below(end: number): number {
    count += 1
    const digest = createHash('sha256').update(`${seed} ${count}`).digest()
    return digest.readUInt32BE() % end
  }

  return {
    below,
    pick: (all) => all[below(all.length)] as (typeof all)[number],
    shuffle(all) {
      const left = [...all]
      return all.map(() => left.splice(below(left.length), 1)[0] as (typeof all)[number])
    },
  }
}
