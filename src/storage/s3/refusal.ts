import type { IncomingHttpHeaders } from 'node:http'
import { DeliveryError } from '../../core/errors.ts'
import type { S3Address } from '../../s3-address.ts'
import { noRoom, notNow } from '../sentences-for-customers.ts'
import type { Retriable } from './persist.ts'
import { readElement } from './xml.ts'

/** A store did not do what it was asked for. */
export class StoreRefusal extends Error implements Retriable {
  override readonly name = 'StoreRefusal'
  /** 0 when no answer came. */
  readonly status: number
  /** The store's own word, like `NoSuchKey`; the network's when no answer came, like `ECONNREFUSED`. */
  readonly code: string
  readonly isTransient: boolean
  readonly retryAfterMs: number | null

  constructor(message: string, facts: RefusalFacts) {
    super(message, 'cause' in facts ? { cause: facts.cause } : undefined)
    this.status = facts.status
    this.code = facts.code
    this.isTransient = facts.isTransient
    this.retryAfterMs = facts.retryAfterMs ?? null
  }
}

interface RefusalFacts {
  status: number
  code: string
  isTransient: boolean
  retryAfterMs?: number | null
  cause?: unknown
}

/** Answers that another try may turn into a better one, besides all from 500 on. */
const transientCodes = new Set(['RequestTimeout', 'SlowDown', 'Throttling', 'OperationAborted'])

/** What an answer that is no success says; matched by its `Code` only, because messages differ or are empty. */
export function refusalOf(
  what: string,
  answer: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string },
): StoreRefusal {
  const { status, headers, text } = answer
  const code = readElement(text, 'Code') ?? `HTTP ${status}`
  const said = readElement(text, 'Message') || null
  const after = /^\d{1,4}$/.exec(headers['retry-after'] ?? '')?.[0]
  return new StoreRefusal(
    `The store answered ${what} with ${status} ${code}${said === null ? '' : `: ${said}`}.`,
    {
      status,
      code,
      // 501 and 507 will be the same tomorrow.
      isTransient:
        transientCodes.has(code) ||
        status === 429 ||
        (status >= 500 && status !== 501 && status !== 507),
      retryAfterMs: after === undefined ? null : Number(after) * 1000,
    },
  )
}

/** The network failed, or the answer is not what was asked for: another try is worth it. */
export function brokenOff(what: string, code: string, cause?: unknown): StoreRefusal {
  const reason = cause instanceof Error ? ` (${cause.message || code})` : ''
  return new StoreRefusal(`${what}${reason}.`, { status: 0, code, isTransient: true, cause })
}

/** What OpenSSL calls a certificate for which nobody known to this machine vouches. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/

const full = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientCapacity'])

/**
 * What the seam's callers are told: one sentence that says what to do. Errors that are not the
 * store's are passed on as they are.
 */
export function explain(error: unknown, { bucket, endpoint }: S3Address): unknown {
  if (!(error instanceof StoreRefusal)) return error
  const { code, status } = error
  const say = (sentence: string): DeliveryError =>
    new DeliveryError('unavailable', sentence, { cause: error, told: notNow })
  if (full.has(code) || status === 507) {
    const sentence = `The bucket ${bucket} has no room left (${code}). Free some, or raise its quota, and try again.`
    return new DeliveryError('storage_full', sentence, { cause: error, told: noRoom })
  }
  if (untrusted.test(code)) {
    return say(
      `Nobody known here vouches for the certificate of the store at ${endpoint} (${code}). Name the file of its authority in NODE_EXTRA_CA_CERTS.`,
    )
  }
  if (status === 0) {
    return say(
      `The store at ${endpoint} cannot be reached (${code}). Check the network, and the endpoint in CLAIMCHECK_STORAGE_URL.`,
    )
  }
  if (code === 'NoSuchBucket') {
    return say(
      `The bucket ${bucket} does not exist at ${endpoint}. Make it, or name another in CLAIMCHECK_STORAGE_URL.`,
    )
  }
  if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch') {
    return say(
      `The store at ${endpoint} does not accept the credentials (${code}). Check CLAIMCHECK_S3_ACCESS_KEY_ID and CLAIMCHECK_S3_SECRET_ACCESS_KEY.`,
    )
  }
  if (code === 'RequestTimeTooSkewed') {
    return say(
      `The clock of this machine differs too much from that of the store at ${endpoint}. Set the clock.`,
    )
  }
  if (code === 'PermanentRedirect' || code === 'AuthorizationHeaderMalformed' || status === 301) {
    return say(
      `The bucket ${bucket} belongs to another region or endpoint (${code}). Name them in CLAIMCHECK_STORAGE_URL: ?region=…&endpoint=…`,
    )
  }
  if (code === 'InvalidObjectState') {
    return new DeliveryError(
      'unavailable',
      'The file lies in a cold storage class of the store and has to be restored first. Order it: an order waits for that.',
      { cause: error },
    )
  }
  if (status === 403) {
    return say(
      `The store at ${endpoint} does not allow this on the bucket ${bucket} (${code}). Allow its account to read, write, list and delete there.`,
    )
  }
  return error.isTransient
    ? say(
        `The store at ${endpoint} does not work now (${status} ${code}). It was tried again for a while; try later.`,
      )
    : error
}
