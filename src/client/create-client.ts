import type { ApiContext } from './api-context.ts'
import { openDownload } from './apis/downloads.ts'
import { openImport } from './apis/imports.ts'
import { openManifest } from './apis/manifest.ts'
import { openOrder } from './apis/orders.ts'
import { openPlainFile } from './apis/plain-file.ts'
import { openPortOrder } from './apis/port-orders.ts'
import { openStudies } from './apis/studies.ts'
import { openV1 } from './apis/v1.ts'
import { ClientError } from './client-error.ts'
import type { Credentials } from './credentials.ts'
import type { ApiName, RemoteDelivery } from './delivery.ts'
import { detectApi } from './detect-api.ts'
import type { Pause } from './pause.ts'
import { defaultRetry, type RetryPolicy } from './retry-policy.ts'
import { createTransport, type Fetch, type Transport } from './transport.ts'
import { type Wait, wait } from './wait.ts'

export interface ClientOptions {
  /** An address at the server: its origin is the only one that ever gets the credentials. */
  readonly url: string
  readonly credentials?: Credentials
  readonly fetch?: Fetch
  readonly retry?: Partial<RetryPolicy>
  /** The pause between two looks where the server does not say, in ms; 2,000 when left out. */
  readonly pollMs?: number
  /** Told each time the client waits because a server is busy, or a connection broke. */
  readonly onPause?: (pause: Pause) => void
  /** What people are told, as `hint` of the error, when the server does not let them in (401). */
  readonly signInHint?: string
  /** For tests: how time passes. */
  readonly wait?: Wait
  readonly now?: () => number
}

export interface Client {
  /**
   * Something to pick up at any of the APIs; the address tells which, unless `api` does.
   * @param text a manifest that is already here, with `url` as what its links are relative to
   * @throws ClientError `bad_input`
   */
  open(url: string, options?: { api?: ApiName; text?: string }): RemoteDelivery
  /** For requests of other kinds, with the same sign-in, patience and redirects. */
  readonly transport: Transport
}

/**
 * A client of one server.
 * @throws ClientError `bad_input` when `url` is no web address
 */
export function createClient(options: ClientOptions): Client {
  const { origin } = webUrl(options.url)
  const transport = createTransport({
    origin,
    credentials: options.credentials ?? { kind: 'none' },
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    isFetchGiven: options.fetch !== undefined,
    retry: { ...defaultRetry, ...options.retry },
    wait: options.wait ?? wait,
    now: options.now ?? Date.now,
    onPause: (pause) => options.onPause?.(pause),
    signInHint: options.signInHint ?? null,
  })
  const context: ApiContext = { transport, pollMs: options.pollMs ?? 2000 }
  return {
    transport,
    open(url, { api, text } = {}) {
      const { href } = webUrl(url)
      if (text !== undefined) return openManifest(context, href, text)
      return openers[api ?? detectApi(href)](context, href)
    },
  }
}

const openers = {
  v1: openV1,
  downloads: openDownload,
  orders: openOrder,
  studies: openStudies,
  imports: openImport,
  'port-orders': openPortOrder,
  manifest: (context, url) => openManifest(context, url),
  file: (_context, url) => openPlainFile(url),
} as const satisfies Record<ApiName, (context: ApiContext, url: string) => RemoteDelivery>

function webUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ClientError(
      'bad_input',
      `"${text.slice(0, 200)}" is no web address: it begins with https:// or http://.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new ClientError(
      'bad_input',
      'Credentials do not belong into the address: give them by the environment or a profile.',
    )
  }
  return url
}
