import { createHmac } from 'node:crypto'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import { finishJob } from '../core/jobs/job-life.ts'
import { forgetStatusUrl } from '../core/port-orders/port-orders.ts'
import {
  callbackSecrets,
  callbackSteps,
  type StatusCallback,
} from '../core/port-orders/status-callbacks.ts'
import type { JobRow } from '../database/tables.ts'
import type { Attempt, JobHandler } from './handler.ts'
import { type Guard, requestGuarded } from './outgoing/guarded-request.ts'

/** How long a receiver may take to answer (Standard Webhooks: 15 to 30 s). */
const ANSWER_MS = 15_000

/** Tells status changes of port orders to the URLs that customers name. */
export function createCallbackHandler(core: Core, guard: Guard): JobHandler {
  return { steps: callbackSteps, run: (attempt) => callBack(core, guard, attempt) }
}

async function callBack(core: Core, guard: Guard, { job, signal }: Attempt): Promise<void> {
  const callback = JSON.parse(job.payload) as StatusCallback
  const status = await post(core, guard, { job, callback, signal })
  if (status === 410) {
    // Standard Webhooks: the receiver wants no more of them.
    await finishJob(core, job, (change) => forgetStatusUrl(change, callback.order, callback.url))
    return
  }
  // Redirects are failures: the customer named this URL and no other.
  if (status < 200 || status > 299) {
    throw new DeliveryError('unavailable', `The status URL answered ${status}.`)
  }
  await finishJob(core, job, async () => {})
}

async function post(
  core: Core,
  guard: Guard,
  { job, callback, signal }: { job: JobRow; callback: StatusCallback; signal: AbortSignal },
): Promise<number> {
  if (!URL.canParse(callback.url)) {
    throw new DeliveryError('invalid', 'The status URL cannot be read.')
  }
  const body = formatCallback(callback)
  const timestamp = String(Math.floor(core.database.now() / 1000))
  const signatures = callbackSecrets(core, job.account_id).map((secret) =>
    sign(secret, `${callback.id}.${timestamp}.${body}`),
  )
  const response = await requestGuarded(new URL(callback.url), guard, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      'User-Agent': 'Claimcheck',
      'Webhook-Id': callback.id,
      'Webhook-Timestamp': timestamp,
      ...(signatures.length === 0 ? {} : { 'Webhook-Signature': signatures.join(' ') }),
    },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
  })
  response.destroy()
  return response.statusCode ?? 0
}

/** The body of Flowroute's "Receive Status Change Notifications"; `version` is a float there. */
function formatCallback({ order, status, at }: StatusCallback): string {
  return JSON.stringify({
    data: {
      type: 'webhook',
      attributes: {
        version: 1.5,
        event_type: 'status_change',
        timestamp: Math.floor(at / 1000),
        resource_type: 'portorders',
        resource_id: order,
        status,
      },
    },
  }).replace('"version":1.5', '"version":1.0')
}

/** Standard Webhooks: `v1,` and the HMAC-SHA-256 of id, timestamp and body, in base64. */
function sign(secret: Uint8Array, text: string): string {
  return `v1,${createHmac('sha256', secret).update(text).digest('base64')}`
}
