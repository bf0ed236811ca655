import type { FastifyInstance } from 'fastify'
import { createSignIn } from './auth/sign-in.ts'
import type { Settings } from './config.ts'
import { createPickupRecorder } from './core/pickups.ts'
import type { ApiContext } from './http/api-context.ts'
import { createClientAddress } from './http/client-address.ts'
import { createApp } from './http/create-app.ts'
import { deliverSigned, isSignedUrl, type SignedDelivery } from './http/deliver-signed.ts'
import { createMetrics } from './http/metrics.ts'
import { logRequests, logSigned } from './http/request-log.ts'
import { createUseRecorder } from './http/use-recorder.ts'
import type { LoadedConfig } from './load-config.ts'
import { createRequestLog, type Logger } from './log.ts'
import { type Installation, openInstallation } from './open-installation.ts'
import { listen, redirectToTls, tlsFiles } from './server/listen.ts'
import { mountApis } from './server/mount-apis.ts'
import { startWork } from './server/start-work.ts'

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
  let stopping = false
  await mountApis(app, context, { settings, metrics, isStopping: () => stopping })
  const url = await listen(app, settings)
  const redirect = await redirectToTls(app, settings)
  const work = startWork(installation, { log, metrics })
  return {
    url,
    redirectPort: redirect?.port ?? null,
    installation,
    async close() {
      stopping = true
      await redirect?.close()
      await Promise.all([work.stop(), closeApp(app, settings.shutdownSeconds)])
      await pickups.close()
      await uses.flush()
      metrics.close()
      await installation.close()
    },
  }
}

/** Lets requests finish, but not for ever: a slow download must not hold up a restart. */
async function closeApp(app: FastifyInstance, seconds: number): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), seconds * 1000)
  await app.close()
  clearTimeout(deadline)
}
