import * as http from 'node:http'
import * as https from 'node:https'
import { brokenOff } from './refusal.ts'

export interface TransportOptions {
  /** `http://127.0.0.1:9000`; its scheme says whether TLS is spoken. */
  readonly origin: string
  /** The most connections at a time; further requests wait for one. */
  readonly connections: number
  /** A connection on which nothing moves for so long is given up, in ms. */
  readonly idleMs: number
}

export interface Outgoing {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: readonly Uint8Array[]
  readonly signal: AbortSignal | undefined
}

/** Sends single requests to one origin over connections that are kept. */
export interface Transport {
  /** Resolves when the headers of the answer are there. @throws StoreRefusal that is transient */
  exchange(outgoing: Outgoing): Promise<http.IncomingMessage>
  close(): void
}

/**
 * `node:http` with an agent of our own. A reader that takes nothing for `idleMs` loses its connection,
 * too: it comes back for the rest, and meanwhile somebody else has it.
 */
export function createTransport({ origin, connections, idleMs }: TransportOptions): Transport {
  const { protocol, hostname, port } = new URL(origin)
  const { request, Agent } = protocol === 'https:' ? https : http
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    maxFreeSockets: Math.min(connections, 64),
    timeout: idleMs,
    scheduling: 'lifo',
  })
  const place = { agent, hostname: hostname.replace(/^\[|\]$/g, ''), port }

  return {
    exchange({ method, target, headers, body, signal }) {
      return new Promise((resolve, reject) => {
        const stop = signal === undefined ? {} : { signal }
        const sent = request({ ...place, ...stop, method, path: target, headers })
        const patience = setTimeout(() => sent.destroy(noneFree(connections)), idleMs)
        sent.once('socket', (socket) => {
          clearTimeout(patience)
          // One that was kept still has the time-out that the store's Keep-Alive field asked for.
          socket.setTimeout(idleMs)
        })
        sent.once('timeout', () => sent.destroy(new Error(`nothing moved for ${idleMs / 1000} s`)))
        // It stays when the answer is there: whoever reads that is told by the answer itself.
        sent.on('error', (error: NodeJS.ErrnoException) => {
          clearTimeout(patience)
          const code = error.code ?? 'timed out'
          reject(brokenOff('The connection to the store broke off', code, error))
        })
        sent.once('response', (answer) => {
          answer.on('error', () => {})
          resolve(answer)
        })
        for (const bytes of body) sent.write(bytes)
        sent.end()
      })
    },
    close: () => agent.destroy(),
  }
}

function noneFree(connections: number): Error {
  return new Error(
    `all ${connections} connections were busy; CLAIMCHECK_S3_CONNECTIONS allows more`,
  )
}
