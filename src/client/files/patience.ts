import { ClientError } from '../client-error.ts'
import { backoff } from '../retry-policy.ts'
import { aborted } from '../wait.ts'
import { LinkExpired, Setback } from './setback.ts'
import type { Transfer } from './transfer.ts'

/** How often a fresh address may be over at once before something is wrong with it. */
const mostRenewals = 3

/** Decides after an error whether to try again, and waits until then. */
export interface Patience {
  /**
   * @param progressed more of the file is here than ever before: patience begins anew
   * @throws the error, when there is no use
   */
  after(error: unknown, progressed: boolean): Promise<void>
}

/** Patience that begins anew with each file. */
export function createPatience(transfer: Transfer): Patience {
  const { transport, signal, onSetback } = transfer.options
  let attempts = 0
  let renewals = 0
  return {
    async after(error, progressed) {
      if (signal?.aborted === true) throw aborted(signal)
      if (progressed) {
        attempts = 0
        renewals = 0
      }
      if (error instanceof LinkExpired) {
        renewals += 1
        if (renewals > mostRenewals) {
          throw new ClientError('link_expired', `${error.message} So is each new one.`)
        }
        onSetback(error.message)
        return
      }
      if (!(error instanceof Setback)) throw error
      attempts += 1
      const asked = error.waitMs
      if (attempts > transport.retry.attempts) throw error.asFinal()
      if (asked !== null && asked > transport.retry.obeyMs) throw error.asFinal()
      onSetback(error.message)
      const waitMs = asked ?? backoff(transport.retry, attempts)
      await transport.pause({ code: error.code, sentence: error.message, waitMs }, signal)
    },
  }
}
