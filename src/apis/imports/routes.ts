import multipart from '@fastify/multipart'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import { grantFile } from '../../core/grants/grants.ts'
import { findImportResult } from '../../core/imports/import-results.ts'
import {
  demandRostering,
  findOwnImport,
  ROSTERING,
  submitImport,
} from '../../core/imports/imports.ts'
import { type ApiContext, baseUrl, grantUrl } from '../../http/api-context.ts'
import { takeError } from '../../http/as-delivery-error.ts'
import { authenticate, principalOf, wwwAuthenticate } from '../../http/authenticate.ts'
import { tokenRoutes } from '../../http/token-routes.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { toError } from './errors.ts'
import { partLimits, takeUpload } from './upload.ts'
import { type DownloadResponse, toStatusResponse, type UploadResponse } from './wire.ts'

interface ByReference {
  Params: { reference: string }
}

export interface ImportsApiOptions {
  /** The longest file that is taken. */
  maxBytes: number
}

const challenges = { methods: ['bearer'], scope: ROSTERING } as const

/**
 * The TAO Advance rostering API: token, upload, status, signed URL of the result. Two generations of
 * its document print two sets of paths; it stands at both. To be mounted at the root.
 */
export function importsApi(context: ApiContext, options: ImportsApiOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register(tokenRoutes(context), { prefix: '/api/v1/oauth2/tokens' })
    await app.register(tokenRoutes(context), { prefix: '/api/v1/upload/v1/oauth2/tokens' })
    await app.register(guarded(context, uploadRoutes(context, options)), {
      prefix: '/api/v1/upload',
    })
    await app.register(guarded(context, statusRoutes(context)), { prefix: '/api/v1/status' })
    await app.register(guarded(context, downloadRoutes(context)), { prefix: '/api/v1/download' })
  }
}

/** Below `/api/v1/upload`: uploads, and everything else once more, as the older page has it. */
function uploadRoutes(context: ApiContext, { maxBytes }: ImportsApiOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register(multipart, { limits: { ...partLimits, fileSize: maxBytes } })
    const upload = (request: FastifyRequest, reply: FastifyReply) =>
      takeFile(context, { request, reply, maxBytes })
    app.post('/', upload)
    app.post('/api/v1/upload', upload)
    await app.register(statusRoutes(context), { prefix: '/api/v1/status' })
    await app.register(downloadRoutes(context), { prefix: '/api/v1/download' })
  }
}

async function takeFile(
  context: ApiContext,
  { request, reply, maxBytes }: { request: FastifyRequest; reply: FastifyReply; maxBytes: number },
): Promise<FastifyReply> {
  const principal = principalOf(request)
  // Asked before the first byte is read; the core asks again.
  demandRostering(principal)
  const key = request.headers['idempotency-key']
  const delivery = await takeUpload(request, maxBytes, ({ name, source }) =>
    submitImport(context.core, principal, {
      fileName: name,
      source,
      ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
    }),
  )
  const path = request.routeOptions.url?.replace(/\/?(upload)?\/?$/, '') ?? ''
  const statusUrl = `${baseUrl(context, request)}${path}/status/${delivery.id}`
  const body: UploadResponse = { referenceId: delivery.id, statusUrl }
  return reply.code(202).header('location', statusUrl).send(body)
}

function statusRoutes({ core }: ApiContext): FastifyPluginAsync {
  return async (app) => {
    app.get('/', notThere)
    app.get<ByReference>('/:reference', async (request, reply) => {
      const found = await findOwnImport(core, principalOf(request), request.params.reference)
      return reply.header('cache-control', 'no-store').send(toStatusResponse(found))
    })
  }
}

function downloadRoutes(context: ApiContext): FastifyPluginAsync {
  const { core } = context
  return async (app) => {
    app.get('/', notThere)
    app.get<ByReference>('/:reference', async (request, reply) => {
      const principal = principalOf(request)
      const file = await findImportResult(core, principal, request.params.reference)
      const grant = await grantFile(core, principal, { fileNumber: file.number })
      const body: DownloadResponse = { signedUrl: grantUrl(context, request, grant) }
      return reply.header('cache-control', 'no-store').send(body)
    })
  }
}

/** The document's own curl line for downloads ends before the reference. */
async function notThere(request: FastifyRequest): Promise<never> {
  demandRostering(principalOf(request))
  throw new DeliveryError('not_found', 'The reference is missing.')
}

/** Routes with who may come in, and with how this API refuses. */
function guarded({ signIn }: ApiContext, routes: FastifyPluginAsync): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler((error, request, reply) => {
      sendError(reply, takeError(error, request, reply))
    })
    app.setNotFoundHandler((request, reply) => {
      const { code, message } = refuseUnrouted(request, reply)
      return reply.code(code === 'not_found' ? 404 : 405).send({ message })
    })
    app.addHook('onRequest', authenticate(signIn, challenges))
    await app.register(routes)
  }
}

function sendError(reply: FastifyReply, refusal: DeliveryError): void {
  const { status, contentType, body } = toError(refusal)
  if (status === 403) {
    const narrow = new DeliveryError('insufficient_scope', refusal.message)
    reply.header('WWW-Authenticate', wwwAuthenticate(narrow, challenges))
  }
  // Nobody will read the rest of the file.
  if (status === 413) reply.header('Connection', 'close')
  reply.code(status).type(contentType).send(body)
}
