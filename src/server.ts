import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { downloadsApi } from './apis/downloads/routes.ts'
import { importsApi } from './apis/imports/routes.ts'
import { ordersApi } from './apis/orders/routes.ts'
import { portOrdersApi } from './apis/port-orders/routes.ts'
import { studiesApi, studiesPrefix } from './apis/studies/routes.ts'
import { problemPages } from './apis/v1/problem-page.ts'
import { v1Api } from './apis/v1/routes.ts'
import { createIdentityProvider, type IdentityProvider } from './auth/identity-provider.ts'
import { createSignIn } from './auth/sign-in.ts'
import { describeSettings, type Settings } from './config.ts'
import type { Core } from './core/core.ts'
import { DOWNLOAD_JOB } from './core/downloads.ts'
import { IMPORT_JOB } from './core/imports/imports.ts'
import { serverQueues } from './core/jobs.ts'
import { createPickupRecorder } from './core/pickups.ts'
import { PULL_JOB } from './core/port-orders/port-order-files.ts'
import { CALLBACK_JOB } from './core/port-orders/status-callbacks.ts'
import { PULL_UPLOAD_JOB } from './core/uploads/pulled-uploads.ts'
import type { ApiContext } from './http/api-context.ts'
import { createClientAddress } from './http/client-address.ts'
import { createApp } from './http/create-app.ts'
import { deliverSigned, isSignedUrl, type SignedDelivery } from './http/deliver-signed.ts'
import { docsRoutes } from './http/docs-routes.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import { gatherOpenApi } from './http/openapi.ts'
import { operationsRoutes } from './http/operations-routes.ts'
import { portalRoutes } from './http/portal-routes.ts'
import { type RedirectServer, startRedirectServer } from './http/redirect-server.ts'
import { logRequests, logSigned } from './http/request-log.ts'
import type { TlsFiles } from './http/tls-files.ts'
import { tokenRoutes } from './http/token-routes.ts'
import { createUseRecorder } from './http/use-recorder.ts'
import type { LoadedConfig } from './load-config.ts'
import { createRequestLog, type Logger } from './log.ts'
import { type Installation, openInstallation } from './open-installation.ts'
import { packageVersion } from './package-version.ts'
import { createCallbackHandler } from './workers/callback-handler.ts'
import { createDownloadHandler } from './workers/download-handler.ts'
import { createImportHandler } from './workers/import-handler.ts'
import { startWorkerLoop } from './workers/loop.ts'
import { createOrderHandlers } from './workers/order-handlers.ts'
import { createAddressCheck } from './workers/outgoing/public-address.ts'
import { createStoredFilePreparer } from './workers/prepare-stored.ts'
import { createPullHandler } from './workers/pull-handler.ts'
import { createPullUploadHandler } from './workers/pull-upload-handler.ts'
import { startSweeper } from './workers/sweeper.ts'
import { startWatchedFolder, type WatchedFolder } from './workers/watch/watched-folder.ts'

export interface ServerOptions {
  settings: Settings
  log: Logger
  /** A configuration to use in place of the file that the settings name. */
  config?: LoadedConfig
}

export interface RunningServer {
  /** `http://127.0.0.1:8080`, without a slash at the end. */
  readonly url: string
  /** Where plain HTTP is sent on to HTTPS; null when nowhere. */
  readonly redirectPort: number | null
  readonly installation: Installation
  /** Finishes requests, hands running jobs back, writes what is noted, closes. */
  close(): Promise<void>
}

/**
 * Starts everything: the APIs on their port, the workers, the sweeper.
 * @throws Error with one sentence for the operator
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, log, config } = options
  const installation = await openInstallation(settings, config)
  try {
    return await start(installation, log)
  } catch (error) {
    await installation.close()
    throw error
  }
}

async function start(installation: Installation, log: Logger): Promise<RunningServer> {
  const { settings, core, signingKeys } = installation
  const metrics = createMetrics()
  const requestLog = { line: createRequestLog(log), metrics }
  const pickups = createPickupRecorder(core, (error) => log.error({ err: error }, 'Pick-ups'))
  let stopping = false

  const uses = createUseRecorder(core, (error) => log.error({ err: error }, 'Uses of links'))
  const signed: SignedDelivery = {
    core,
    signingKeys,
    pickups,
    uses,
    redirectSeconds: settings.storageRedirectSeconds,
    addressOf: createClientAddress(settings.trustedProxies),
    onError: (error) => log.error({ err: error }, 'A download by a signed URL failed'),
  }
  const app = createApp({
    log,
    maxBodyBytes: settings.maxBodyBytes,
    trustedProxies: settings.trustedProxies,
    tls: tlsFiles(settings),
    intercept(request, response) {
      if (!isSignedUrl(request.url ?? '')) return false
      logSigned(request, response, requestLog)
      void deliverSigned(signed, request, response)
      return true
    },
  })
  logRequests(app, requestLog)
  const context: ApiContext = {
    core,
    signIn: createSignIn(core, signingKeys),
    signingKeys,
    pickups,
    publicUrl: settings.publicUrl,
  }
  await mount(app, context, { settings, metrics, isStopping: () => stopping })
  const url = await listen(app, settings)
  const redirect = await redirectToTls(app, settings)

  const guard = { mayConnect: createAddressCheck(settings.outgoingAllow) }
  const onJobError = (error: unknown) => log.warn({ err: error }, 'A job failed')
  const handlers = new Map([
    [DOWNLOAD_JOB, createDownloadHandler(core, installation.producers)],
    ...createOrderHandlers(core, installation.prepareFile ?? createStoredFilePreparer(core)),
    [IMPORT_JOB, createImportHandler(core, settings)],
    [PULL_JOB, createPullHandler(core, guard)],
    [PULL_UPLOAD_JOB, createPullUploadHandler(core, guard)],
    [CALLBACK_JOB, createCallbackHandler(core, guard)],
  ])
  const loops = serverQueues.map((queue) =>
    startWorkerLoop(core, {
      queue,
      handlers,
      worker: `${hostname()}:${process.pid}`,
      concurrency: queue === 'local' ? settings.jobConcurrency : settings.outgoingConcurrency,
      onError: onJobError,
      onEnd: ({ kind }, outcome) => metrics.jobEnded(kind, outcome),
    }),
  )
  const sweeper = startSweeper(core, {
    everySeconds: settings.sweepSeconds,
    onSwept: (report) => log.debug({ report }, 'Swept'),
    onError: (error) => log.error({ err: error }, 'The sweep failed'),
  })

  const watched = watchFolder(core, settings, log)

  return {
    url,
    redirectPort: redirect?.port ?? null,
    installation,
    async close() {
      stopping = true
      await sweeper.stop()
      await watched?.stop()
      await redirect?.close()
      await Promise.all([
        ...loops.map((loop) => loop.stop()),
        closeApp(app, settings.shutdownSeconds),
      ])
      await pickups.close()
      await uses.flush()
      metrics.close()
      await installation.close()
    },
  }
}

function watchFolder(core: Core, settings: Settings, log: Logger): WatchedFolder | null {
  const { watchFolder: folder, watchSettleSeconds, watchScanSeconds, watchWithdraw } = settings
  if (folder === null) return null
  return startWatchedFolder(core, {
    folder,
    settleMs: watchSettleSeconds * 1000,
    scanMs: watchScanSeconds * 1000,
    withdraw: watchWithdraw === 'on',
    onPublished: (said) => log.info(said, 'Published from the watched folder'),
    onComplaint: (sentence, err) => log.warn(err === null ? {} : { err }, sentence),
  })
}

async function mount(
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

function tlsFiles(settings: Settings): TlsFiles | null {
  const { tlsCert: cert, tlsKey: key } = settings
  if (cert !== null && key !== null) return { cert, key }
  if (cert !== null || key !== null) {
    throw new Error('HTTPS needs both: set CLAIMCHECK_TLS_CERT and CLAIMCHECK_TLS_KEY, or neither.')
  }
  if (settings.httpRedirectPort === null) return null
  throw new Error('CLAIMCHECK_HTTP_REDIRECT_PORT needs HTTPS: set CLAIMCHECK_TLS_CERT, too.')
}

async function redirectToTls(
  app: FastifyInstance,
  { host, httpRedirectPort: port, publicUrl }: Settings,
): Promise<RedirectServer | null> {
  if (port === null) return null
  try {
    return await startRedirectServer({ host, port, publicUrl, securePort: portOf(app) })
  } catch (cause) {
    await app.close()
    throw new Error(`Claimcheck cannot listen on ${host} port ${port} for plain HTTP.`, { cause })
  }
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function listen(app: FastifyInstance, { host, port, tlsCert }: Settings): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new Error(
        `Port ${port} on ${host} is in use by another program. Stop it, or choose another port with CLAIMCHECK_PORT (0 takes any that is free).`,
        { cause: error },
      )
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Error(`Claimcheck cannot listen on ${host} port ${port} (${code}).`, {
        cause: error,
      })
    }
    throw error
  }
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : bracketed(host)
  return `${tlsCert === null ? 'http' : 'https'}://${name}:${portOf(app)}`
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Lets requests finish, but not for ever: a slow download must not hold up a restart. */
async function closeApp(app: FastifyInstance, seconds: number): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), seconds * 1000)
  await app.close()
  clearTimeout(deadline)
}
