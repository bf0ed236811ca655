import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RedirectOptions {
  host: string
  port: number
  /** Where customers reach the server; null: on the host that a request names, at `securePort`. */
  publicUrl: string | null
  securePort: number
}

export interface RedirectServer {
  /** The port it listens on. */
  readonly port: number
  close(): Promise<void>
}

/**
 * Sends plain HTTP on to HTTPS, path and query kept: 308, so that no method is changed (RFC 9110 §15.4.9).
 * @throws Error of the system when the port cannot be listened on
 */
export async function startRedirectServer(options: RedirectOptions): Promise<RedirectServer> {
  const server: Server = createServer((request, response) => {
    const origin = options.publicUrl ?? secureOrigin(request.headers.host, options.securePort)
    const target = request.url ?? '/'
    if (origin === null || !/^\/[^\s]*$/.test(target)) {
      response.writeHead(400, { Connection: 'close', 'Content-Length': 0 }).end()
      return
    }
    // Nothing that follows here is to be trusted: the connection is not kept.
    response
      .writeHead(308, { Location: origin + target, Connection: 'close', 'Content-Length': 0 })
      .end()
  })
  server.headersTimeout = 20_000
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function secureOrigin(host: string | undefined, port: number): string | null {
  const name = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(host ?? '')?.[1]
  if (name === undefined) return null
  return port === 443 ? `https://${name}` : `https://${name}:${port}`
}
