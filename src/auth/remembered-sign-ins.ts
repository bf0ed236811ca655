import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'

/**
 * Remembers for a short time which user name and password were right together, so that Basic on
 * every request does not cost argon2 each time (40 ms and 19 MiB). It holds no password: what is
 * kept is an HMAC under a key that this process alone has and never writes down.
 */
export interface RememberedSignIns {
  /** What stands for a user name and a password. */
  keyOf(username: string, password: string): string
  /** Were they right for exactly this hash of exactly this credential? */
  has(key: string, credential: RememberedCredential): boolean
  remember(key: string, credential: RememberedCredential): void
}

export interface RememberedCredential {
  readonly id: string
  readonly secretHash: string | null
}

const memoryMilliseconds = 60_000

/** @param most how many are remembered; the oldest makes room */
export function createRememberedSignIns(now: Clock, most = 10_000): RememberedSignIns {
  const secret = randomBytes(32)
  const known = new Map<string, RememberedCredential & { until: number }>()
  return {
    keyOf(username, password) {
      // No user name has a NUL, so that the two cannot flow into each other.
      return createHmac('sha256', secret).update(`${username}\0${password}`).digest('base64url')
    },
    has(key, { id, secretHash }) {
      const found = known.get(key)
      if (found === undefined) return false
      if (found.until > now() && found.id === id && found.secretHash === secretHash) return true
      known.delete(key)
      return false
    },
    remember(key, { id, secretHash }) {
      known.delete(key)
      known.set(key, { id, secretHash, until: now() + memoryMilliseconds })
      if (known.size <= most) return
      const oldest = known.keys().next()
      if (oldest.done !== true) known.delete(oldest.value)
    },
  }
}
