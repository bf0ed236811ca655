import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import { receiveUpload, tooLarge } from '../core/port-orders/receive-document.ts'
import { asDeliveryError } from './as-delivery-error.ts'
import type { S3Error } from './s3-error.ts'

/** What a signed URL answers when it refuses. */
export interface SignedRefusal {
  status: number
  error: S3Error
}

/** After a refusal the rest of a body is read and thrown away for so long, so that the client sees the answer. */
const LINGER_MS = 5000

/**
 * Takes in the body of a PUT to a signed URL whose signature was checked: 200 with an empty body and,
 * as S3 does, the MD5 as the entity tag. Returns why it was refused, or null when it was answered.
 */
export async function receiveSigned(
  core: Core,
  grantId: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<SignedRefusal | null> {
  const stop = new AbortController()
  request.once('close', () => {
    if (!request.complete) stop.abort()
  })
  try {
    const md5 = announcedMd5(request)
    demandLength(request, core.settings.maxDocumentBytes)
    const bytes = await receiveUpload(core, grantId, {
      // Leaving off early must not destroy the socket, on which the refusal is still to be sent.
      source: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
      signal: stop.signal,
      ...(md5 === null ? {} : { md5 }),
    })
    response.writeHead(200, { ETag: `"${bytes.md5}"`, 'Content-Length': 0 }).end()
    return null
  } catch (error) {
    linger(request)
    if (response.destroyed || stop.signal.aborted) return null
    return refusalOf(error, grantId)
  }
}

function announcedMd5(request: IncomingMessage): string | null {
  const field = request.headers['content-md5']
  if (field === undefined) return null
  const digest = Buffer.from(String(field), 'base64')
  if (digest.length === 16) return digest.toString('hex')
  throw new DeliveryError('malformed', 'The Content-MD5 you specified was invalid.')
}

function demandLength(request: IncomingMessage, limit: number): void {
  const length = Number(request.headers['content-length'] ?? 0)
  if (length > limit) throw tooLarge(limit)
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
    case 'storage_full':
    case 'unavailable':
      return { status: 503, error: { code: 'ServiceUnavailable', message } }
    default:
      throw error
  }
}

function linger(request: IncomingMessage): void {
  if (request.complete) return
  request.resume()
  setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, LINGER_MS).unref()
}
