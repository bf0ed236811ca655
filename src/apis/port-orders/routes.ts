import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { type ApiContext, baseUrl } from '../../http/api-context.ts'
import { asDeliveryError } from '../../http/as-delivery-error.ts'
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
      const refusal = asDeliveryError(error)
      if (refusal.code === 'internal') request.log.error({ err: error }, 'Request failed')
      const { status, body } = toErrors(refusal, dialect)
      return sendDocument(reply.code(status), body, dialect)
    })
    app.setNotFoundHandler((request, reply) => {
      const refusal = refuseUnrouted(request, reply)
      const { status, body } = toErrors(refusal, dialect)
      const isUnknown = refusal.code === 'not_found'
      return sendDocument(reply.code(status), isUnknown ? unknownAddress(dialect) : body, dialect)
    })
    takeJsonApi(app)
    app.addHook('onRequest', authenticate(context.signIn, { methods: ['basic-key', 'bearer'] }))
    app.addHook('preValidation', async (request) => refuseNulBytes(request.body))
    orderRoutes(app, own)
    statusRoutes(app, own)
    fileRoutes(app, own)
  }
}

function takeJsonApi(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/vnd.api+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
}
