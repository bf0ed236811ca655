import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import { type ApiContext, baseUrl } from '../../http/api-context.ts'
import { takeError } from '../../http/as-delivery-error.ts'
import { authenticate } from '../../http/authenticate.ts'
import { refuseNulBytes } from '../../http/nul-bytes.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { toErrors, unknownAddress } from './errors.ts'
import { type PortOrdersContext, sendDocument } from './exchange.ts'
import { fileRoutes } from './file-routes.ts'
import { orderRoutes } from './order-routes.ts'
import { statusRoutes } from './status-routes.ts'
import type { Dialect } from './wire.ts'

const path = '/v2/portorders'

/** The Flowroute port orders API: orders, their documents in two steps. To be mounted at `/v2/portorders`. */
export function portOrdersApi(context: ApiContext, dialect: Dialect): FastifyPluginAsync {
  const own: PortOrdersContext = {
    ...context,
    dialect,
    base: (request) => baseUrl(context, request) + path,
  }
  return async (app) => {
    app.setErrorHandler((error, request, reply) => {
      const refusal = takeError(error, request, reply)
      const { status, body } = toErrors(refusal, dialect)
      return sendDocument(reply.code(status), body, dialect)
    })
    app.setNotFoundHandler((request, reply) => {
      const refusal = refuseUnrouted(request, reply)
      const { status, body } = toErrors(refusal, dialect)
      const isUnknown = refusal.code === 'not_found'
      return sendDocument(reply.code(status), isUnknown ? unknownAddress(dialect) : body, dialect)
    })
    takeJson(app)
    app.addHook('onRequest', authenticate(context.signIn, { methods: ['basic-key', 'bearer'] }))
    app.addHook('preValidation', async (request) => refuseNulBytes(request.body))
    orderRoutes(app, own)
    statusRoutes(app, own)
    fileRoutes(app, own)
  }
}

/**
 * JSON under either name; JSON:API 1.1 §5.1 has 415 for parameters of its media type that a server
 * does not know, and none is known here.
 */
function takeJson(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async ({ headers }) => {
    if (/^\s*application\/vnd\.api\+json\s*;\s*\S/i.test(headers['content-type'] ?? '')) {
      throw new DeliveryError(
        'unsupported_media_type',
        'The media type "application/vnd.api+json" is taken without parameters only.',
      )
    }
  })
  app.addContentTypeParser(
    'application/vnd.api+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
}
