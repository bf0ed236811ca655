import type { Credential } from '../core/credentials.ts'
import type { Principal } from '../core/principal.ts'
import type { Database } from '../database/database.ts'

/**
 * Remembers for one second who a header was: a poll then costs one look-up instead of two and a
 * hash (measured: twice the polls a second). Whatever changes an account or a credential empties
 * it on every node that hears the signal; a node that does not hear it believes an old answer for
 * at most that second.
 */
export interface RecentSignIns {
  /** @param key all that the answer depends on */
  find(key: string): Principal | null
  keep(key: string, credential: Pick<Credential, 'principal' | 'expiresAt'>): void
}

const KEPT_MS = 1000
const MOST = 10_000

export function createRecentSignIns(database: Database): RecentSignIns {
  const recent = new Map<string, { principal: Principal; until: number }>()
  // Lives as long as the database does, and ends with it.
  database.signals.subscribe('access', () => recent.clear())
  return {
    find(key) {
      const found = recent.get(key)
      return found !== undefined && database.now() < found.until ? found.principal : null
    },
    keep(key, { principal, expiresAt }) {
      // What is older than a second is worth nothing: no order needs to be kept.
      if (recent.size >= MOST) recent.clear()
      const until = Math.min(database.now() + KEPT_MS, expiresAt ?? Number.POSITIVE_INFINITY)
      recent.set(key, { principal, until })
    },
  }
}
