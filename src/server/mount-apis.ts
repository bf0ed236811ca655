import type { FastifyInstance } from 'fastify'
import { downloadsApi } from '../apis/downloads/routes.ts'
import { importsApi } from '../apis/imports/routes.ts'
import { ordersApi } from '../apis/orders/routes.ts'
import { portOrdersApi } from '../apis/port-orders/routes.ts'
import { studiesApi, studiesPrefix } from '../apis/studies/routes.ts'
import { problemPages } from '../apis/v1/problem-page.ts'
import { v1Api } from '../apis/v1/routes.ts'
import { createIdentityProvider, type IdentityProvider } from '../auth/identity-provider.ts'
import { describeSettings, type Settings } from '../config.ts'
import type { ApiContext } from '../http/api-context.ts'
import { docsRoutes } from '../http/docs-routes.ts'
import type { Metrics } from '../http/metrics.ts'
import { gatherOpenApi } from '../http/openapi.ts'
import { operationsRoutes } from '../http/operations-routes.ts'
import { portalRoutes } from '../http/portal-routes.ts'
import { tokenRoutes } from '../http/token-routes.ts'
import { packageVersion } from '../package-version.ts'

/**
 * Gives each API its place, and what stands beside them: portal, descriptions, operations.
 * @throws Error with one sentence for the operator, for settings that do not go together
 */
export async function mountApis(
  app: FastifyInstance,
  context: ApiContext,
  { settings, ...operations }: { settings: Settings; metrics: Metrics; isStopping(): boolean },
): Promise<void> {
  await gatherOpenApi(app, { version: packageVersion(), publicUrl: context.publicUrl })
  await app.register(docsRoutes())
  await app.register(portalRoutes())
  const { metricsAllow } = settings
  await app.register(operationsRoutes({ core: context.core, metricsAllow, ...operations }))
  await app.register(tokenRoutes(context), { prefix: '/oauth2/token' })
  await app.register(downloadsApi(context), { prefix: '/api/downloads' })
  await app.register(ordersApi({ ...context, profile: settings.ordersProfile }), {
    prefix: '/api/v1',
  })
  const { portOrdersProfile: profile, jsonApiStrict } = settings
  const portOrders = portOrdersApi(context, { profile, strict: jsonApiStrict === 'on' })
  await app.register(portOrders, { prefix: '/v2/portorders' })
  await app.register(importsApi(context, { maxBytes: settings.importMaxBytes }))
  const { studiesProfile, studiesDateOffset: dateOffset } = settings
  const studies = studiesApi(context, { profile: studiesProfile, dateOffset })
  await app.register(studies, { prefix: studiesPrefix })
  const options = {
    idleSeconds: settings.sessionIdleSeconds,
    wholeSeconds: settings.sessionSeconds,
    importMaxBytes: settings.importMaxBytes,
    reportSettings: () => describeSettings(settings),
    identityProvider: identityProviderOf(context, settings),
  }
  await app.register(v1Api(context, options), { prefix: '/v1' })
  await app.register(problemPages, { prefix: '/problems' })
}

function identityProviderOf(
  { core, signingKeys }: ApiContext,
  settings: Settings,
): IdentityProvider | null {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: secret } = settings
  if (issuer === null) return null
  if (clientId === null || secret === null) {
    throw new Error(
      'CLAIMCHECK_OIDC_ISSUER needs CLAIMCHECK_OIDC_CLIENT_ID and CLAIMCHECK_OIDC_CLIENT_SECRET, too.',
    )
  }
  const { oidcUsernameClaim: usernameClaim, oidcName: name } = settings
  const provider = { issuer, clientId, clientSecret: secret.text, usernameClaim, name }
  return createIdentityProvider(core, signingKeys, provider)
}
