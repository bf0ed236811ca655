import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import { contentOf } from '../../core/stored-files.ts'
import type { FoundStudyFile } from '../../core/studies/study-files.ts'
import { listStudyFiles, readStudyFile } from '../../core/studies/study-listing.ts'
import { type ApiContext, baseUrl } from '../../http/api-context.ts'
import { takeError } from '../../http/as-delivery-error.ts'
import { authenticate, principalOf } from '../../http/authenticate.ts'
import { sendContent } from '../../http/send-content.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { challenge, toError } from './errors.ts'
import { sendListing } from './listing.ts'
import { fromPath, type NamedPath } from './wire.ts'

/** Where the document puts the API. */
export const studiesPrefix = '/api_file/v1'

export interface StudiesApiOptions {
  profile: 'documented' | 'shipped'
  /** The offset of all dates, in minutes. */
  dateOffset: number
}

/** The Flux Vision "Download files" API: listings at three depths, and the files. To be mounted at `studiesPrefix`. */
export function studiesApi(context: ApiContext, options: StudiesApiOptions): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler((error, request, reply) => {
      sendError(reply, takeError(error, request, reply))
    })
    app.setNotFoundHandler((request, reply) => sendError(reply, refuseUnrouted(request, reply)))
    app.addHook(
      'onRequest',
      authenticate(context.signIn, { methods: ['basic-password', 'basic-key', 'bearer'] }),
    )
    // One route for all depths: codes and names may hold whatever a router would trip over, so the
    // path is read as it was sent.
    app.route({
      method: ['GET', 'HEAD'],
      url: '/*',
      exposeHeadRoute: false,
      schema: { hide: true },
      handler: (request, reply) => answer(context, options, { request, reply }),
    })
  }
}

interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

async function answer(
  context: ApiContext,
  options: StudiesApiOptions,
  exchange: Exchange,
): Promise<unknown> {
  const { request, reply } = exchange
  const path = fromPath((request.url.split('?', 1)[0] ?? '').slice(studiesPrefix.length))
  if (path === null) throw nothing()
  const principal = principalOf(request)
  if (isFilePath(path)) {
    await sendFile(context, exchange, await readStudyFile(context.core, principal, path))
    return reply
  }
  const listing = await listStudyFiles(context.core, principal, path)
  await sendListing(exchange, listing, {
    base: baseUrl(context, request) + studiesPrefix,
    organization: listing.organization,
    offset: options.dateOffset,
    withNames: options.profile === 'shipped',
  })
  return reply
}

function isFilePath(path: NamedPath): path is Required<NamedPath> {
  return path.segment !== undefined
}

async function sendFile(
  { core, pickups }: ApiContext,
  { request, reply }: Exchange,
  { fileNumber, name, modifiedAt, bytes }: FoundStudyFile,
): Promise<void> {
  const { accountId } = principalOf(request)
  // The date of the listing, not that of the bytes, which another delivery may have shown before.
  const content = { ...contentOf(core, bytes), lastModified: new Date(modifiedAt / 1000) }
  reply.hijack()
  try {
    const result = await sendContent(request.raw, reply.raw, content, {
      fileName: name,
      disposition: 'attachment',
      onSent: (span) =>
        pickups.note({ fileNumber, accountId, grantId: null, address: request.ip, span }),
    })
    if (result.outcome === 'failed') request.log.error({ err: result.error }, 'A file broke off')
  } catch (error) {
    request.log.error({ err: error }, 'A file could not be read')
    const unavailable = new DeliveryError(
      'unavailable',
      'The file cannot be read now; try again later.',
    )
    const { status, body } = toError(unavailable)
    reply.raw.writeHead(status, { 'Content-Type': jsonType, 'Cache-Control': 'no-store' })
    reply.raw.end(JSON.stringify(body))
  }
}

const jsonType = 'application/json; charset=utf-8'

function nothing(): DeliveryError {
  return new DeliveryError('not_found', 'There is nothing at this address.')
}

function sendError(reply: FastifyReply, refusal: DeliveryError): void {
  const { status, body } = toError(refusal)
  if (status === 401) reply.header('www-authenticate', challenge)
  reply.code(status).header('cache-control', 'no-store').type(jsonType).send(body)
}
