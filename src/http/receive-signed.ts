import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import type { DigestAlgorithm, ExpectedBytes } from '../core/expected-bytes.ts'
import { findGrant } from '../core/grants/find-grants.ts'
import { admissionOf } from '../core/grants/grant-limits.ts'
import { receiveDocument, tooLarge } from '../core/port-orders/receive-document.ts'
import { receivePut } from '../core/uploads/upload-at-once.ts'
import { asDeliveryError } from './as-delivery-error.ts'
import { linger } from './linger.ts'
import { receivedDigests } from './received-digests.ts'
import type { S3Error } from './s3-error.ts'

/** What a signed URL answers when it refuses. */
export interface SignedRefusal {
  status: number
  error: S3Error
}

export interface SignedPut {
  request: IncomingMessage
  response: ServerResponse
  address: string | null
}

/**
 * Takes in the body of a PUT to a signed URL whose signature was checked: 200 with an empty body; of a
 * document with its MD5 as the entity tag, as S3 does. Returns why it was refused, or null when it was answered.
 */
export async function receiveSigned(
  core: Core,
  grantId: string,
  put: SignedPut,
): Promise<SignedRefusal | null> {
  const { request, response } = put
  const stop = new AbortController()
  request.once('close', () => {
    if (!request.complete) stop.abort()
  })
  try {
    const fields = await receive(core, grantId, { ...put, signal: stop.signal })
    response.writeHead(200, { ...fields, 'Content-Length': 0 }).end()
    return null
  } catch (error) {
    linger(request)
    if (response.destroyed || stop.signal.aborted) return null
    return refusalOf(error, grantId)
  }
}

/** Returns the fields of the answer. */
async function receive(
  core: Core,
  grantId: string,
  { request, address, signal }: SignedPut & { signal: AbortSignal },
): Promise<Record<string, string>> {
  const grant = await findGrant(core.database.kysely, grantId)
  if (grant === null) throw new DeliveryError('not_found', 'There is no such URL.')
  if (grant.revoked_at !== null) throw new DeliveryError('forbidden', 'This URL was revoked.')
  if (admissionOf(grant)?.(address) === false) {
    throw new DeliveryError('forbidden', 'This URL does not open from your address.')
  }
  const expected = expectedBytes(request)
  // Leaving off early must not destroy the socket, on which the refusal is still to be sent.
  const source = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  if (grant.upload_id !== null) {
    const { deliveryId, fileNumber } = await receivePut(core, grant, { source, expected, signal })
    const file = fileNumber === null ? {} : { 'Claimcheck-File': String(fileNumber) }
    return { 'Claimcheck-Delivery': deliveryId, ...file }
  }
  const limit = core.settings.maxDocumentBytes
  if ((expected.size ?? 0) > limit) throw tooLarge(limit)
  const { md5 } = await receiveDocument(core, grantId, { source, expected, signal })
  return { ETag: `"${md5}"` }
}

/** What the fields say: Repr-Digest and Content-Digest, and Content-MD5, which S3's clients send. */
function expectedBytes({ headers }: IncomingMessage): ExpectedBytes {
  const digests = new Map<DigestAlgorithm, string>(receivedDigests(headers))
  const md5 = headers['content-md5']
  if (md5 !== undefined) {
    const digest = Buffer.from(String(md5), 'base64')
    if (digest.length !== 16) {
      throw new DeliveryError('malformed', 'The Content-MD5 you specified was invalid.')
    }
    digests.set('md5', digest.toString('hex'))
  }
  const length = headers['content-length']
  return { digests, ...(length === undefined ? {} : { size: Number(length) }) }
}

function refusalOf(error: unknown, key: string): SignedRefusal {
  const refusal = asDeliveryError(error)
  const { code, message, details } = refusal
  switch (code) {
    case 'not_found':
    case 'not_yours':
      return { status: 404, error: { code: 'NoSuchKey', key } }
    case 'forbidden':
    case 'conflict':
      return { status: 403, error: { code: 'AccessDenied', message } }
    case 'too_large':
      return { status: 400, error: { code: 'EntityTooLarge', limit: Number(details.limit) } }
    case 'malformed':
      return { status: 400, error: { code: 'InvalidDigest', message } }
    case 'invalid':
      return { status: 400, error: { code: 'BadDigest', message } }
    default:
      throw error
  }
}
