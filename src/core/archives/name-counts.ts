/**
 * Counts names in 12 bytes each, where a Map of a million strings takes 150 MB. It keeps 53 bits of
 * a hash: two names that share one are taken for the same once in 10,000 archives of a million
 * files, and all that comes of it is a number behind a name.
 */
export class NameCounts {
  /** Many small tables: one of a million names would take 100 ms to grow, in one turn. */
  readonly #tables = Array.from({ length: TABLES }, () => new CountTable())

  has(name: string): boolean {
    const key = hash(name)
    return this.#tableOf(key).has(key)
  }

  /** How often the name came before. */
  next(name: string): number {
    const key = hash(name)
    return this.#tableOf(key).next(key)
  }

  #tableOf(key: number): CountTable {
    const table = this.#tables[Math.floor(key / 0x1_0000_0000) % TABLES]
    if (table === undefined) throw new Error('A hash is a positive whole number.')
    return table
  }
}

const TABLES = 64

/** Open addressing; 0 is a free slot. */
class CountTable {
  #keys = new Float64Array(16)
  #counts = new Uint32Array(16)
  #size = 0

  has(key: number): boolean {
    return this.#keys[this.#slotOf(key)] !== 0
  }

  next(key: number): number {
    let slot = this.#slotOf(key)
    if (this.#keys[slot] === 0) {
      if (this.#size * 2 >= this.#keys.length) {
        this.#grow()
        slot = this.#slotOf(key)
      }
      this.#keys[slot] = key
      this.#size += 1
    }
    const count = this.#counts[slot] ?? 0
    this.#counts[slot] = count + 1
    return count
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1
    let slot = key & mask
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const keys = this.#keys
    const counts = this.#counts
    this.#keys = new Float64Array(keys.length * 2)
    this.#counts = new Uint32Array(keys.length * 2)
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] ?? 0
      if (key === 0) continue
      const slot = this.#slotOf(key)
      this.#keys[slot] = key
      this.#counts[slot] = counts[index] ?? 0
    }
  }
}

/** 53 bits, never 0 (cyrb53, a public-domain hash). */
function hash(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0) || 1
}
