import type { FastifyInstance } from 'fastify'
import type { Settings } from '../config.ts'
import { type RedirectServer, startRedirectServer } from '../http/redirect-server.ts'
import type { TlsFiles } from '../http/tls-files.ts'

/**
 * Begins to take connections, and says where: `http://127.0.0.1:8080`, without a slash at the end.
 * @throws Error with one sentence for the operator
 */
export async function listen(
  app: FastifyInstance,
  { host, port, tlsCert }: Settings,
): Promise<string> {
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

/**
 * Sends plain HTTP on to HTTPS, where the settings ask for it; null where they do not.
 * @throws Error with one sentence for the operator; the app is closed then
 */
export async function redirectToTls(
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

/**
 * The files that HTTPS needs; null for plain HTTP.
 * @throws Error with one sentence for the operator, for settings that do not go together
 */
export function tlsFiles(settings: Settings): TlsFiles | null {
  const { tlsCert: cert, tlsKey: key } = settings
  if (cert !== null && key !== null) return { cert, key }
  if (cert !== null || key !== null) {
    throw new Error('HTTPS needs both: set CLAIMCHECK_TLS_CERT and CLAIMCHECK_TLS_KEY, or neither.')
  }
  if (settings.httpRedirectPort === null) return null
  throw new Error('CLAIMCHECK_HTTP_REDIRECT_PORT needs HTTPS: set CLAIMCHECK_TLS_CERT, too.')
}
