import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { IdentityProvider } from '../../auth/identity-provider.ts'
import { createSessions, type SessionLimits } from '../../auth/session.ts'
import type { Core } from '../../core/core.ts'
import { DeliveryError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { ApiContext } from '../../http/api-context.ts'
import { takeError } from '../../http/as-delivery-error.ts'
import { principalOf, wwwAuthenticate } from '../../http/authenticate.ts'
import { refuseNulBytes } from '../../http/nul-bytes.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { accountRoutes } from './account-routes.ts'
import { archiveRoutes } from './archive-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { checkRequest } from './check-request.ts'
import { credentialRoutes } from './credential-routes.ts'
import { deliveryRoutes } from './delivery-routes.ts'
import { toProblem } from './errors.ts'
import { eventRoutes } from './event-routes.ts'
import { fileRoutes } from './file-routes.ts'
import { identityRoutes } from './identity-routes.ts'
import { importRoutes } from './import-routes.ts'
import { jobRoutes } from './job-routes.ts'
import { linkRoutes } from './link-routes.ts'
import { manifestRoutes } from './manifest-routes.ts'
import { meRoutes } from './me-routes.ts'
import { namedSchemas } from './named-schemas.ts'
import { orderRoutes } from './order-routes.ts'
import { organizationRoutes } from './organization-routes.ts'
import { portOrderRoutes } from './port-order-routes.ts'
import { productRoutes } from './product-routes.ts'
import { challenges, signInHook, type V1App, type V1Context } from './routing.ts'
import { sessionRoutes } from './session-routes.ts'
import { type ReportSettings, settingsRoutes } from './settings-routes.ts'
import { studyFileRoutes } from './study-file-routes.ts'
import { studyRoutes } from './study-routes.ts'
import { tusRoutes } from './tus-routes.ts'
import { uploadRoutes } from './upload-routes.ts'
import { usageRoutes } from './usage-routes.ts'
import { workFileRoutes } from './work-file-routes.ts'
import { workRoutes } from './work-routes.ts'

export interface V1Options extends SessionLimits {
  /** The longest roster file that is taken. */
  importMaxBytes: number
  reportSettings: ReportSettings
  /** By which people may sign in to the portal. */
  identityProvider: IdentityProvider | null
}

/** Our own API, which the portal, the command line and programs speak. To be mounted at `/v1`. */
export function v1Api(api: ApiContext, options: V1Options): FastifyPluginAsync {
  return async (plain) => {
    const app: V1App = plain.withTypeProvider<TypeBoxTypeProvider>()
    const stop = new AbortController()
    const sessions = createSessions(api.core, api.signingKeys, options)
    const context: V1Context = { ...api, stopping: stop.signal, sessions }
    app.addHook('preClose', async () => stop.abort())

    app.setErrorHandler((error, request, reply) => {
      sendProblem({ request, reply }, takeError(error, request, reply))
    })
    app.setNotFoundHandler((request, reply) =>
      sendProblem({ request, reply }, refuseUnrouted(request, reply)),
    )
    app.setValidatorCompiler(checkRequest)
    for (const schema of namedSchemas) app.addSchema(schema)
    app.addHook('onRequest', signInHook(context))
    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config.isOpen !== true) {
        refuseForeignToken(context.core, principalOf(request))
      }
      reply.header('cache-control', 'private, no-store')
    })
    app.addHook('preValidation', async (request) => {
      // A file's bytes are a stream, and may be any.
      if (!(request.body instanceof Readable)) refuseNulBytes(request.body)
      refuseNulBytes(request.params)
      refuseNulBytes(request.query)
    })

    sessionRoutes(app, context)
    identityRoutes(app, context, options.identityProvider)
    meRoutes(app, context)
    deliveryRoutes(app, context)
    fileRoutes(app, context)
    archiveRoutes(app, context)
    linkRoutes(app, context)
    manifestRoutes(app, context)
    jobRoutes(app, context)
    workRoutes(app, context)
    await app.register(workFileRoutes(context))
    await app.register(studyRoutes(context))
    eventRoutes(app, context)
    orderRoutes(app, context)
    await app.register(productRoutes(context))
    studyFileRoutes(app, context)
    await app.register(importRoutes(context, options.importMaxBytes))
    await app.register(tusRoutes(context, options.importMaxBytes))
    uploadRoutes(app, context)
    portOrderRoutes(app, context)
    auditRoutes(app, context)
    usageRoutes(app, context)
    settingsRoutes(app, options.reportSettings)
    accountRoutes(app, context)
    credentialRoutes(app, context)
    organizationRoutes(app, context)
  }
}

/** A token that was narrowed to the scope of another API is worth nothing in this one. */
function refuseForeignToken(core: Core, { scopes, permissions }: Principal): void {
  if (scopes === null) return
  const own = new Set([...core.downloadTypes.values()].map((type) => type.permission))
  for (const held of permissions) {
    if (own.has(held) || /^(download:|work:|study:|publish(:|$)|admin$|operator$)/.test(held))
      return
  }
  throw new DeliveryError(
    'insufficient_scope',
    'The token has no scope for this; one is named like the permission that is needed, as in "download:communes".',
  )
}

interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

function sendProblem({ request, reply }: Exchange, refusal: DeliveryError): void {
  const problem = toProblem(refusal)
  if (refusal.code === 'unauthenticated' || refusal.code === 'insufficient_scope') {
    const isOfPage = (request.headers['sec-fetch-mode'] ?? 'navigate') !== 'navigate'
    reply.header(
      'www-authenticate',
      // At `Basic` a browser would ask for a password over the portal's own page.
      isOfPage ? 'Session realm="Claimcheck"' : wwwAuthenticate(refusal, challenges),
    )
  }
  reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem))
}
