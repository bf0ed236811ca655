import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { type ApiContext, baseUrl } from '../../http/api-context.ts'
import { asDeliveryError } from '../../http/as-delivery-error.ts'
import { authenticate } from '../../http/authenticate.ts'
import { refuseNulBytes } from '../../http/nul-bytes.ts'
import { toErrors, unknownAddress, wireErrors } from './errors.ts'
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
    const allowed = rememberMethods(app)
    app.setErrorHandler((error, request, reply) => {
      const refusal = asDeliveryError(error)
      if (refusal.code === 'internal') request.log.error({ err: error }, 'Request failed')
      const { status, body } = toErrors(refusal, dialect)
      return sendDocument(reply.code(status), body, dialect)
    })
    app.setNotFoundHandler((request, reply) => {
      const methods = allowed(request.url)
      if (methods === null) return sendDocument(reply.code(404), unknownAddress(dialect), dialect)
      const detail = `Here only ${methods} can be done.`
      reply.code(405).header('Allow', methods)
      return sendDocument(reply, wireErrors(405, detail, dialect), dialect)
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

/** Knows the methods of the routes that are added after it, for those who come by another one. */
function rememberMethods(app: FastifyInstance): (url: string) => string | null {
  const known = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    known.set(url, methods)
  })
  return (url) => {
    const asked = (url.split('?', 1)[0] ?? '').replace(/\/$/, '')
    const [, methods] = [...known].find(([route]) => patternOf(route).test(asked)) ?? []
    return methods === undefined ? null : [...methods].sort().join(', ')
  }
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(/\/$/, '').replace(/:\w+/g, '[^/]+')}$`)
}
