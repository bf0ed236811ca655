import { isIPv6 } from 'node:net'
import type { Clock } from '../core/clock.ts'
import { DeliveryError } from '../core/errors.ts'
import { nounAfter } from '../counted.ts'

/** One attempt that has begun; exactly one of its three ends is called. */
export interface Attempt {
  /** It was right: the user's failures are forgotten, those of the address are not. */
  succeed(): void
  fail(): void
  /** It could not be decided. */
  withdraw(): void
}

/** Slows down who guesses passwords. */
export interface Backoff {
  /**
   * Counts an attempt before it is checked, so that a hundred at once count as a hundred.
   * @throws DeliveryError `locked_out`, with `retryAfter` in seconds
   */
  begin(username: string, address: string): Attempt
}

/** How many failures are free, and how long the wait then grows, doubling from a second. */
interface Rule {
  free: number
  longestSeconds: number
}

/** One user from one address. */
const pairRule: Rule = { free: 5, longestSeconds: 900 }
/** One address, whatever the user: generous, for many customers can sit behind one. */
const addressRule: Rule = { free: 50, longestSeconds: 300 }
/**
 * One user from all addresses together. It holds only for addresses that have failed for this user
 * already: from elsewhere the user's own first attempt is always heard, whatever flood goes on.
 */
const userRule: Rule = { free: 20, longestSeconds: 60 }

/** After so long without a failure it is forgotten; well over the longest wait, or each wait would end in free attempts. */
const memoryMilliseconds = 60 * 60_000

/**
 * @param now in ms; a monotonic clock will do
 * @param most how many users, addresses and pairs are each remembered
 */
export function createBackoff(now: Clock, most = 10_000): Backoff {
  const pairs = new Counters(now, pairRule, most)
  const addresses = new Counters(now, addressRule, most)
  const users = new Counters(now, userRule, most)
  return {
    begin(username, address) {
      const place = networkOf(address)
      const pair = `${place} ${username}`
      const wait = Math.max(
        pairs.wait(pair),
        addresses.wait(place),
        pairs.has(pair) ? users.wait(username) : 0,
      )
      if (wait > 0) throw lockedOut(wait)
      const counts = [pairs.add(pair), addresses.add(place), users.add(username)]
      const takeBack = () => {
        for (const takeOne of counts) takeOne()
      }
      return {
        succeed() {
          takeBack()
          pairs.forget(pair)
          users.forget(username)
        },
        fail() {},
        withdraw: takeBack,
      }
    },
  }
}

interface Counter {
  failures: number
  /** Of the last failure. */
  at: number
}

/** Failures by a key; the one that failed longest ago makes room. */
class Counters {
  readonly #counters = new Map<string, Counter>()
  readonly #now: Clock
  readonly #rule: Rule
  readonly #most: number

  constructor(now: Clock, rule: Rule, most: number) {
    this.#now = now
    this.#rule = rule
    this.#most = most
  }

  has(key: string): boolean {
    return this.#find(key) !== null
  }

  /** How many milliseconds still to wait. */
  wait(key: string): number {
    const counter = this.#find(key)
    if (counter === null || counter.failures < this.#rule.free) return 0
    const seconds = Math.min(2 ** (counter.failures - this.#rule.free), this.#rule.longestSeconds)
    return Math.max(0, counter.at + seconds * 1000 - this.#now())
  }

  /** Counts one more; the function given back takes it back. */
  add(key: string): () => void {
    const counter = this.#find(key) ?? { failures: 0, at: 0 }
    counter.failures += 1
    counter.at = this.#now()
    // Set anew, it is the youngest of the map's order.
    this.#counters.delete(key)
    this.#counters.set(key, counter)
    if (this.#counters.size > this.#most) this.#dropOldest()
    return () => {
      counter.failures -= 1
      if (counter.failures <= 0) this.forget(key)
    }
  }

  forget(key: string): void {
    this.#counters.delete(key)
  }

  #find(key: string): Counter | null {
    const counter = this.#counters.get(key)
    if (counter === undefined) return null
    if (this.#now() - counter.at < memoryMilliseconds) return counter
    this.#counters.delete(key)
    return null
  }

  #dropOldest(): void {
    const oldest = this.#counters.keys().next()
    if (oldest.done !== true) this.#counters.delete(oldest.value)
  }
}

function lockedOut(milliseconds: number): DeliveryError {
  const retryAfter = Math.ceil(milliseconds / 1000)
  return new DeliveryError(
    'locked_out',
    `Too many failed sign-ins; try again in ${retryAfter} ${nounAfter(retryAfter, 'second')}.`,
    { details: { retryAfter } },
  )
}

/** One customer's addresses count as one: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const plain = address.replace(/%.*$/, '')
  if (!isIPv6(plain)) return address
  const [head = '', tail] = plain.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Math.max(0, 8 - before.length - after.length)
  const groups = tail === undefined ? before : [...before, ...Array(zeros).fill('0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
