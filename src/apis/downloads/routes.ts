import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { findOwnDownload, grantOwnDownload, requestDownload } from '../../core/downloads.ts'
import type { DeliveryError } from '../../core/errors.ts'
import { type ApiContext, grantUrl } from '../../http/api-context.ts'
import { takeError } from '../../http/as-delivery-error.ts'
import { authenticate, principalOf } from '../../http/authenticate.ts'
import { parseNestedForm } from '../../http/nested-form.ts'
import { refuseNulBytes } from '../../http/nul-bytes.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { createDocumented, fileDocumented, getDocumented } from './documented.ts'
import { toError } from './errors.ts'
import { fromDownloadRequest, toDownloadResponse } from './wire.ts'

interface ById {
  Params: { id: string }
}

/** The Bridge Downloads API: create, poll, 302 to the file. To be mounted at `/api/downloads`. */
export function downloadsApi(context: ApiContext): FastifyPluginAsync {
  const { core, signIn } = context
  return async (app) => {
    app.setErrorHandler((error, request, reply) => {
      sendError(reply, takeError(error, request, reply))
    })
    app.setNotFoundHandler((request, reply) => sendError(reply, refuseUnrouted(request, reply)))
    // The document says JSON; its live client sends forms, and says so also when it sends nothing.
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      async (_request: unknown, body: string) => parseNestedForm(body),
    )
    app.removeContentTypeParser('text/plain')
    app.addHook('onRequest', authenticate(signIn, { methods: ['basic-key', 'bearer'] }))

    app.post('/', { config: { documented: createDocumented } }, async (request, reply) => {
      refuseNulBytes(request.body)
      const { download_type, info } = fromDownloadRequest(request.body)
      const key = request.headers['idempotency-key']
      const delivery = await requestDownload(core, principalOf(request), {
        type: download_type,
        info,
        ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
      })
      return reply.code(201).send(toDownloadResponse(delivery))
    })

    app.get<ById>('/:id', { config: { documented: getDocumented } }, async (request, reply) => {
      const delivery = await findOwnDownload(core, principalOf(request), request.params.id)
      reply.header('cache-control', 'no-store')
      // Not by `send`, whose reply is a promise of its own: to wait for that one took 3 of 42 µs.
      return toDownloadResponse(delivery)
    })

    app.get<ById>(
      '/:id/file',
      { config: { documented: fileDocumented } },
      async (request, reply) => {
        const principal = principalOf(request)
        const grant = await grantOwnDownload(core, principal, request.params.id)
        return reply
          .header('cache-control', 'private, no-store')
          .header('referrer-policy', 'no-referrer')
          .redirect(grantUrl(context, request, grant), 302)
      },
    )
  }
}

function sendError(reply: FastifyReply, refusal: DeliveryError): void {
  const { status, body } = toError(refusal)
  reply.code(status).send(body)
}
