import type { PortOrderRow, PortOrderStatus } from '../../database/port-order-tables.ts'
import type { Core } from '../core.ts'
import { newId } from '../ids.ts'
import type { JobSteps } from '../jobs/job-life.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import type { Change } from '../transact.ts'

/** The kind of job that tells a status change to the URL that the customer named. */
export const CALLBACK_JOB = 'status-callback'

/** What one callback says; the outbox is the table of jobs. */
export interface StatusCallback {
  /** The same at each attempt, so that the receiver knows a repetition. */
  id: string
  url: string
  order: number
  status: PortOrderStatus
  /** In ms since the epoch. */
  at: number
}

/** With the longest wait at an hour, this is about two days. */
const MOST_ATTEMPTS = 60

/** Puts a callback into the outbox, in the transaction of the status change; none without a URL. */
export async function enqueueCallback(change: Change, order: PortOrderRow): Promise<void> {
  if (order.status_url === null) return
  const callback: StatusCallback = {
    id: `msg_${newId(change.now)}`,
    url: order.status_url,
    order: order.delivery_number,
    status: order.status,
    at: change.now,
  }
  await enqueueJob(change, {
    kind: CALLBACK_JOB,
    queue: 'callbacks',
    organizationId: order.organization_id,
    accountId: order.owner_id,
    payload: callback,
    maxAttempts: MOST_ATTEMPTS,
  })
}

/** A callback has no noun that its attempts would move. */
export const callbackSteps: JobSteps = {
  begin: async () => true,
  failed: async () => {},
  released: async () => {},
}

/**
 * The secrets that an account's callbacks are signed with, the one in use first; none without a
 * master key. While master keys are being changed, callbacks carry a signature by each.
 */
export function callbackSecrets(core: Core, accountId: string): Buffer[] {
  return core.masterKeys.derive(`callbacks to ${accountId}`)
}

/** A secret as Standard Webhooks writes it. */
export function formatSecret(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`
}
