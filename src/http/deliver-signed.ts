import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KeyRing } from '../auth/key-ring.ts'
import { checkSignedUrl, type SignedUrlCheck } from '../auth/signed-url.ts'
import { reopenArchive } from '../core/archives/open-archive.ts'
import type { ByteSpan, Content } from '../core/content.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import {
  expiredStatusOf,
  findGrantedFile,
  type GrantedFile,
  recallGrantedFile,
} from '../core/granted-file.ts'
import type { PickupRecorder } from '../core/pickups.ts'
import { contentOf } from '../core/stored-files.ts'
import { receiveSigned, type SignedRefusal } from './receive-signed.ts'
import { formatS3Error, type S3Error, s3ErrorType, signedUrlChallenge } from './s3-error.ts'
import { sendContent } from './send-content.ts'

export interface SignedDelivery {
  core: Core
  signingKeys: KeyRing
  pickups: PickupRecorder
  /** The client's address, as trusted proxies say it. */
  addressOf(request: IncomingMessage): string | null
  onError(error: unknown): void
}

/** Is it the target of a signed URL? Such requests go past the framework, straight to the socket. */
export function isSignedUrl(target: string): boolean {
  return /^(?:https?:\/\/[^/?#\s]+)?\/files\//.test(target)
}

/**
 * Answers a request for a signed URL: the signature is checked before anything is looked up; then
 * one look-up finds the grant and its bytes, or those that are put are taken in. An Authorization header is ignored, because clients
 * keep theirs over a redirect. Never rejects.
 */
export async function deliverSigned(
  delivery: SignedDelivery,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const method = request.method ?? ''
    if (method !== 'GET' && method !== 'HEAD' && method !== 'PUT') {
      response.setHeader('Allow', 'GET, HEAD, PUT')
      refuse(delivery, response, { status: 405, error: notAllowed })
      return
    }
    const check = checkSignedUrl(
      delivery.signingKeys,
      { method, target: request.url ?? '' },
      delivery.core.database.now(),
    )
    if ('ok' in check && method === 'PUT') {
      const refusal = await receiveSigned(delivery.core, check.grantId, { request, response })
      if (refusal !== null) refuse(delivery, response, refusal)
    } else if ('ok' in check) await deliver(delivery, request, { response, check })
    else refuse(delivery, response, await refusalOf(delivery.core, check))
  } catch (error) {
    delivery.onError(error)
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { 'Content-Length': 0 }).end()
  }
}

const notAllowed: S3Error = {
  code: 'AccessDenied',
  message: 'A signed URL is for GET and HEAD, or for PUT.',
}
const malformed: S3Error = {
  code: 'AccessDenied',
  message: 'The URL is not in the form of a signed URL. Ask for a new one.',
}
const revoked: S3Error = { code: 'AccessDenied', message: 'This URL was revoked.' }

async function refusalOf(
  core: Core,
  check: Exclude<SignedUrlCheck, { ok: true }>,
): Promise<SignedRefusal> {
  if (check.refused === 'malformed') return { status: 403, error: malformed }
  if (check.refused === 'forged') {
    const { keyId, signature } = check
    return { status: 403, error: { code: 'SignatureDoesNotMatch', keyId, signature } }
  }
  return {
    status: (await expiredStatusOf(core, check.grantId)) ?? 403,
    error: { code: 'AccessDenied', expiresAt: check.expiresAt },
  }
}

async function deliver(
  delivery: SignedDelivery,
  request: IncomingMessage,
  { response, check }: { response: ServerResponse; check: { grantId: string; fileName: string } },
): Promise<void> {
  const { core } = delivery
  const { grantId } = check
  const granted = recallGrantedFile(core, grantId) ?? (await findGrantedFile(core, grantId))
  if (granted !== null && granted.grant.revoked_at !== null) {
    refuse(delivery, response, { status: 403, error: revoked })
    return
  }
  const opened = granted === null ? null : await open(delivery, request, granted)
  if (granted === null || opened === null) {
    refuse(delivery, response, { status: 404, error: { code: 'NoSuchKey', key: check.fileName } })
    return
  }
  try {
    const { error } = await sendContent(request, response, opened.content, {
      fileName: check.fileName,
      disposition: granted.grant.disposition,
      onSent: opened.onSent,
    })
    if (error !== null) delivery.onError(error)
  } catch (error) {
    if (!(error instanceof DeliveryError && error.code === 'expired')) throw error
    refuse(delivery, response, { status: 404, error: { code: 'NoSuchKey', key: check.fileName } })
  }
}

interface Opened {
  content: Content
  onSent(span: ByteSpan): void
}

/** What a grant opens, and who is told what of it went out; `null` when it is not there any more. */
async function open(
  { core, pickups, addressOf }: SignedDelivery,
  request: IncomingMessage,
  { grant, bytes }: GrantedFile,
): Promise<Opened | null> {
  const { file_number: fileNumber, archive_id: archiveId } = grant
  const taker = { accountId: grant.account_id, grantId: grant.id, address: addressOf(request) }
  if (archiveId !== null) {
    const archive = await reopenArchive(core, archiveId)
    if (archive === null) return null
    const { content } = archive
    return { content, onSent: (span) => pickups.noteAll(archive.taken(span, taker)) }
  }
  if (fileNumber === null || bytes === null) return null
  return {
    content: contentOf(core, bytes),
    onSent: (span) => pickups.note({ ...taker, fileNumber, span }),
  }
}

function refuse(delivery: SignedDelivery, response: ServerResponse, refusal: SignedRefusal): void {
  const body = formatS3Error(refusal.error, delivery.core.database.now())
  response.writeHead(refusal.status, {
    'Content-Type': s3ErrorType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(refusal.status === 401 ? { 'WWW-Authenticate': signedUrlChallenge } : {}),
  })
  // On HEAD, Node drops the body by itself.
  response.end(body)
}
