import type { HttpAnswer } from '../http-answer.ts'
import type { Transport } from '../transport.ts'
import { openSocketFetch } from './socket-fetch.ts'

/** How files are fetched. */
export type FileTransport = Transport<HttpAnswer>

/** Sends the requests of a client for its files over sockets, where that is the same to its caller. */
export function openFileTransport(transport: Transport): {
  readonly transport: FileTransport
  close(): void
} {
  if (transport.isFetchGiven || !areSocketsFast() || isDispatched()) {
    return { transport, close() {} }
  }
  const { fetch, close } = openSocketFetch()
  return { transport: transport.over(fetch), close }
}

/** Bun and Deno bring a fast `fetch`, and sockets that Node's are not. */
function areSocketsFast(): boolean {
  const { bun, deno } = process.versions as Record<string, string | undefined>
  return bun === undefined && deno === undefined
}

/**
 * Where requests of Node's `fetch` go another way than straight to the server: through a proxy
 * (`NODE_USE_ENV_PROXY`), or through what the caller has put there.
 */
function isDispatched(): boolean {
  return ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].some((name) => {
    const dispatcher = (globalThis as Record<symbol, object | undefined>)[Symbol.for(name)]
    return dispatcher !== undefined && !plainDispatchers.has(dispatcher.constructor.name)
  })
}

/** What Node puts there itself. */
const plainDispatchers = new Set(['Agent', 'Dispatcher1Wrapper'])
