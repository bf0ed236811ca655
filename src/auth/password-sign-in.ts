import { type Credential, findCredential } from '../core/accounts/credentials.ts'
import { foldUsername } from '../core/accounts/username.ts'
import type { Core } from '../core/core.ts'
import type { Backoff } from './backoff.ts'
import { isPassword } from './password.ts'
import { createRememberedSignIns, type RememberedSignIns } from './remembered-sign-ins.ts'

export interface PasswordAttempt {
  username: string
  password: string
  /** Where it comes from: failures count for the address, too. */
  address: string
}

/** Signs in by user name and password. */
export interface PasswordSignIn {
  /**
   * The password credential of the user when the password is right; null when it is wrong, or there
   * is no such user, which takes just as long.
   * @throws DeliveryError `locked_out` after too many failures, `unavailable` when too many sign in at once
   */
  check(attempt: PasswordAttempt): Promise<Credential | null>
}

/**
 * A sign-in that remembers right passwords for a minute, and works on the same attempt once at a time.
 */
export function createPasswordSignIn(core: Core, backoff: Backoff): PasswordSignIn {
  const remembered = createRememberedSignIns(core.database.now)
  const running = new Map<string, Promise<boolean>>()
  return {
    async check({ username, password, address }) {
      const user = foldUsername(username)
      // The row is read each time: what was revoked, suspended or changed ends at once.
      const found = await findCredential(core, 'password', user)
      const credential = found?.status === 'usable' ? found : null
      const key = remembered.keyOf(user, password)
      if (credential !== null && remembered.has(key, credential)) return credential
      const joint = `${key} ${credential?.id} ${address}`
      let right = running.get(joint)
      if (right === undefined) {
        // A client that opens ten connections signs in ten times at once: one check answers all.
        right = verify({ credential, key, user, password, address }, { backoff, remembered })
        running.set(joint, right)
        const done = () => running.delete(joint)
        right.then(done, done)
      }
      return (await right) ? credential : null
    },
  }
}

interface Verification {
  credential: Credential | null
  key: string
  user: string
  password: string
  address: string
}

async function verify(
  { credential, key, user, password, address }: Verification,
  { backoff, remembered }: { backoff: Backoff; remembered: RememberedSignIns },
): Promise<boolean> {
  const attempt = backoff.begin(user, address)
  try {
    if (!(await isPassword(password, credential?.secretHash ?? null))) {
      attempt.fail()
      return false
    }
  } catch (error) {
    attempt.withdraw()
    throw error
  }
  attempt.succeed()
  if (credential !== null) remembered.remember(key, credential)
  return true
}
