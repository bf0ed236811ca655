import type { IncomingMessage, ServerResponse } from 'node:http'
import type { KeyRing } from '../auth/key-ring.ts'
import { checkSignedUrl, type SignedUrlCheck, signUrl } from '../auth/signed-url.ts'
import { reopenArchive } from '../core/archives/open-archive.ts'
import type { ByteSpan, Content } from '../core/content.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'
import {
  expiredStatusOf,
  findGrantedFile,
  type GrantedFile,
  recallGrantedFile,
} from '../core/grants/granted-file.ts'
import type { PickupRecorder } from '../core/pickups.ts'
import { contentOf } from '../core/stored-files.ts'
import { archiveContent } from './archive-content.ts'
import { asDeliveryError, RETRY_AFTER_SECONDS } from './as-delivery-error.ts'
import { answerContent } from './content-answer.ts'
import { sendLinkPage } from './link-page.ts'
import { wantsPage } from './plain-page.ts'
import { receiveSigned, type SignedRefusal } from './receive-signed.ts'
import { sendRefusalPage } from './refusal-page.ts'
import { formatS3Error, type S3Error, s3ErrorType, signedUrlChallenge } from './s3-error.ts'
import { sendContent } from './send-content.ts'
import { storeUrlOf } from './store-url.ts'
import type { HeldUse, UseRecorder } from './use-recorder.ts'

export interface SignedDelivery {
  core: Core
  signingKeys: KeyRing
  pickups: PickupRecorder
  uses: UseRecorder
  /** How long the store's own URLs live to which requests are sent on; 0 for never. */
  redirectSeconds: number
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
    if (!methods.includes(method)) {
      response.setHeader('Allow', methods.join(', '))
      refuse(delivery, { request, response }, { status: 405, error: notAllowed })
      return
    }
    const check = checkSignedUrl(
      delivery.signingKeys,
      { method, target: request.url ?? '' },
      delivery.core.database.now(),
    )
    const refusal =
      'ok' in check
        ? await pass(delivery, request, { response, check })
        : await refusalOf(delivery.core, check)
    if (refusal !== null) refuse(delivery, { request, response }, refusal)
  } catch (error) {
    delivery.onError(error)
    if (response.headersSent) response.destroy()
    else refuse(delivery, { request, response }, troubleOf(asDeliveryError(error)))
  }
}

const methods = ['GET', 'HEAD', 'PUT', 'POST']
const notAllowed: S3Error = {
  code: 'AccessDenied',
  message: 'A signed URL is for GET and HEAD, for PUT, or for a page with a button.',
}
const malformed: S3Error = {
  code: 'AccessDenied',
  message: 'The URL is not in the form of a signed URL. Ask for a new one.',
}
const closed = {
  revoked: { code: 'AccessDenied', message: 'This URL was revoked.' },
  not_permitted: {
    code: 'AccessDenied',
    message: 'Whoever was given this URL may not have the file at present.',
  },
} as const satisfies Record<string, S3Error>
const elsewhere: S3Error = {
  code: 'AccessDenied',
  message: 'This URL does not open from your address.',
}

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

function troubleOf({ code, message }: DeliveryError): SignedRefusal {
  if (code !== 'unavailable' && code !== 'storage_full') {
    return { status: 500, error: { code: 'InternalError', message } }
  }
  const status = code === 'unavailable' ? 503 : 507
  return { status, error: { code: 'ServiceUnavailable', message } }
}

type Passed = Extract<SignedUrlCheck, { ok: true }>

interface Passing {
  response: ServerResponse
  check: Passed
}

/** Returns why a genuine URL is refused all the same, or null when it was answered. */
async function pass(
  delivery: SignedDelivery,
  request: IncomingMessage,
  passing: Passing,
): Promise<SignedRefusal | null> {
  const { core, addressOf } = delivery
  const { response, check } = passing
  if (check.method === 'PUT') {
    const put = { request, response, address: addressOf(request) }
    return await receiveSigned(core, check.grantId, put)
  }
  const granted =
    recallGrantedFile(core, check.grantId) ?? (await findGrantedFile(core, check.grantId))
  if (granted === null) return goneOf(check)
  if (granted.closed !== null) return { status: 403, error: closed[granted.closed] }
  if (granted.admits?.(addressOf(request)) === false) return { status: 403, error: elsewhere }
  try {
    return await give(delivery, request, { ...passing, granted })
  } catch (error) {
    if (error instanceof DeliveryError && error.code === 'expired') return goneOf(check)
    throw error
  }
}

/** The bytes; or the page before them, or the way to the store that has them. */
async function give(
  delivery: SignedDelivery,
  request: IncomingMessage,
  passing: Passing & { granted: GrantedFile },
): Promise<SignedRefusal | null> {
  const { response, check, granted } = passing
  const opened = await open(delivery, request, granted)
  if (opened === null) return goneOf(check)
  if (check.method === 'PAGE') return page(delivery, request, { ...passing, opened })
  const { fileName, expiresAt } = check
  const seconds = delivery.redirectSeconds
  const url = storeUrlOf(delivery.core, request, { granted, fileName, expiresAt, seconds })
  if (url !== null) return sendOn(response, 302, url)
  return await deliver(delivery, request, { ...passing, opened })
}

function goneOf({ fileName: key }: Passed): SignedRefusal {
  return { status: 404, error: { code: 'NoSuchKey', key } }
}

/** The page with the button; and when it was pressed, the way to the bytes. */
function page(
  { core, signingKeys }: SignedDelivery,
  request: IncomingMessage,
  { response, check, opened }: Passing & { opened: Opened },
): null {
  const { grantId, fileName } = check
  if (request.method === 'POST') {
    const soon = core.database.now() + core.settings.signedUrlSeconds * 1000
    const expiresAt = Math.min(check.expiresAt, soon)
    const location = signUrl(signingKeys, { grantId, fileName, method: 'GET', expiresAt })
    sendOn(response, 303, location)
    request.resume()
  } else sendLinkPage(request, response, { fileName, size: opened.content.size })
  return null
}

/** Nothing on the way may keep where it leads: the next one is asked for anew. */
function sendOn(response: ServerResponse, status: 302 | 303, location: string): null {
  const fields = { Location: location, 'Content-Length': 0, 'Cache-Control': 'no-store' }
  response.writeHead(status, { ...fields, 'Referrer-Policy': 'no-referrer' }).end()
  return null
}

async function deliver(
  delivery: SignedDelivery,
  request: IncomingMessage,
  { response, check, granted, opened }: Passing & { granted: GrantedFile; opened: Opened },
): Promise<SignedRefusal | null> {
  const { grant } = granted
  const { content } = opened
  let use: HeldUse | null = null
  if (grant.max_uses !== null && sendsBytes(delivery, request, content)) {
    try {
      const address = delivery.addressOf(request)
      use = await delivery.uses.begin(grant.id, { request, address, content })
    } catch (error) {
      if (!(error instanceof DeliveryError && error.code === 'limit_reached')) throw error
      return { status: 403, error: { code: 'AccessDenied', message: error.message } }
    }
  }
  try {
    const { error } = await sendContent(request, response, content, {
      fileName: check.fileName,
      disposition: grant.disposition,
      onSent(span) {
        opened.onSent(span)
        use?.note(span)
      },
    })
    if (error !== null) delivery.onError(error)
    return null
  } finally {
    use?.end()
  }
}

/** HEAD, and what is answered without a body, uses nothing up. */
function sendsBytes(
  { core }: SignedDelivery,
  { method, headers }: IncomingMessage,
  content: Content,
): boolean {
  if (method !== 'GET') return false
  return 'spans' in answerContent({ method, headers, now: core.database.now() }, content)
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
    const content = await archiveContent(core, archive, request)
    return { content, onSent: (span) => pickups.noteAll(archive.taken(span, taker)) }
  }
  if (fileNumber === null || bytes === null) return null
  return {
    content: contentOf(core, bytes),
    onSent: (span) => pickups.note({ ...taker, fileNumber, span }),
  }
}

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

function refuse(
  delivery: SignedDelivery,
  { request, response }: Exchange,
  { status, error }: SignedRefusal,
): void {
  const fields = {
    ...(status === 401 ? { 'WWW-Authenticate': signedUrlChallenge } : {}),
    ...(status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
  }
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (isRead && wantsPage(request.headers)) {
    sendRefusalPage(request, response, { status, error, fields })
    return
  }
  const body = formatS3Error(error, delivery.core.database.now())
  response.writeHead(status, {
    'Content-Type': s3ErrorType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...fields,
  })
  // On HEAD, Node drops the body by itself.
  response.end(body)
}
