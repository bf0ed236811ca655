import type { Authorizer } from './authorizer.ts'
import { createAuthorizer } from './authorizer.ts'
import { ClientError } from './client-error.ts'
import type { Credentials } from './credentials.ts'
import { drain } from './drain.ts'
import { explainNetwork } from './explain-network.ts'
import type { HttpAnswer } from './http-answer.ts'
import type { Pause } from './pause.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { shownUrl } from './shown-url.ts'
import { aborted, type Wait } from './wait.ts'

export type Fetch<Answer = Response> = (url: string, init: RequestInit) => Promise<Answer>

export interface TransportOptions {
  /** The only origin that gets the credentials. */
  readonly origin: string
  readonly credentials: Credentials
  readonly fetch: Fetch
  /** The caller gave it: then nothing else sends requests. */
  readonly isFetchGiven: boolean
  readonly retry: RetryPolicy
  readonly wait: Wait
  readonly now: () => number
  onPause(pause: Pause): void
  readonly signInHint: string | null
}

export interface Sent {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit
  /** false: without credentials even at our own origin, as for signed URLs. */
  readonly authorize?: boolean
  /** false: a redirect is an answer. */
  readonly follow?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Requests with credentials that stay at home, redirects followed by our own rules. */
export interface Transport<Answer extends HttpAnswer = Response> {
  readonly origin: string
  readonly retry: RetryPolicy
  readonly wait: Wait
  readonly now: () => number
  /** Tells of a pause, and waits until it is over. */
  pause(pause: Pause, signal?: AbortSignal): Promise<void>
  readonly isFetchGiven: boolean
  /**
   * One request, not tried again; any status is an answer. `url` of the result is where it came from.
   * @throws ClientError `unreachable`, `untrusted`, `too_many_redirects`; `unauthenticated`, `too_busy` or
   *   `server_failed` when no token is given
   */
  send(sent: Sent): Promise<Answered<Answer>>
  /** The same with another way of sending; tokens are still fetched as before. */
  over<Other extends HttpAnswer>(fetch: Fetch<Other>): Transport<Other>
}

export interface Answered<Answer extends HttpAnswer = Response> {
  readonly response: Answer
  /** After redirects. */
  readonly url: string
  /** `signInHint` where our own server does not let whoever asks in (401); else null. */
  readonly hint: string | null
}

const mostRedirects = 5
const redirects = new Set([301, 302, 303, 307, 308])

/** A transport that signs in by the credentials at its own origin alone. */
export function createTransport(options: TransportOptions): Transport {
  const { origin, retry, wait, now, isFetchGiven } = options
  const { signInHint } = options
  const authorizer = createAuthorizer(options.credentials, {
    send: (url, init) => attempt(options.fetch, url, { redirect: 'error', ...init }),
    ...{ now, signInHint },
  })
  const over = <Answer extends HttpAnswer>(fetch: Fetch<Answer>): Transport<Answer> => ({
    ...{ origin, retry, wait, now, isFetchGiven, over },
    async pause(pause, signal) {
      options.onPause(pause)
      await wait(pause.waitMs, signal)
    },
    async send(sent) {
      const sending = { origin, fetch, authorizer }
      const first = await follow(sending, sent)
      if (first.answered.response.status !== 401) return first.answered
      // A token may end earlier than it said; once more with a new one.
      if (first.header === null || !authorizer.renew(first.header)) return hinted(first.answered)
      await drain(first.answered.response)
      return hinted((await follow(sending, sent)).answered)

      function hinted(answered: Answered<Answer>): Answered<Answer> {
        const at = new URL(answered.url)
        const isOurs = at.origin === origin && !isSigned(at) && sent.authorize !== false
        const isRefused = answered.response.status === 401 && isOurs
        return isRefused ? { ...answered, hint: signInHint } : answered
      }
    },
  })
  return over(options.fetch)
}

interface Sending<Answer> {
  readonly origin: string
  readonly fetch: Fetch<Answer>
  readonly authorizer: Authorizer
}

interface Followed<Answer extends HttpAnswer> {
  readonly answered: Answered<Answer>
  /** The Authorization of the last request; null when it carried none. */
  readonly header: string | null
}

async function follow<Answer extends HttpAnswer>(
  { origin, fetch, authorizer }: Sending<Answer>,
  sent: Sent,
): Promise<Followed<Answer>> {
  let { url, method = 'GET', body } = sent
  for (let hops = 0; hops <= mostRedirects; hops += 1) {
    const at = new URL(url)
    const mayAuthorize = at.origin === origin && sent.authorize !== false
    const header = mayAuthorize && !isSigned(at) ? await authorizer.header(sent.signal) : null
    const response = await attempt(fetch, url, {
      method,
      headers: { ...sent.headers, ...(header === null ? {} : { authorization: header }) },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
      ...(sent.signal === undefined ? {} : { signal: sent.signal }),
    })
    if (response.type === 'opaqueredirect') return { answered: await followInBrowser(), header }
    const location = redirects.has(response.status) ? response.headers.get('location') : null
    if (location === null || sent.follow === false) {
      return { answered: { response, url, hint: null }, header }
    }
    await drain(response)
    const next = new URL(location, url)
    refuseDowngrade(at, next)
    url = next.href
    if (response.status === 303 || (method === 'POST' && response.status < 303)) {
      method = 'GET'
      body = undefined
    }
  }
  throw new ClientError(
    'too_many_redirects',
    `${shownUrl(sent.url)} redirects more than ${mostRedirects} times.`,
  )

  /** A browser shows no redirects; it keeps credentials at their origin by itself. */
  async function followInBrowser(): Promise<Answered<Answer>> {
    const header = await authorizer.header(sent.signal)
    const response = await attempt(fetch, url, {
      method,
      headers: { ...sent.headers, ...(header === null ? {} : { authorization: header }) },
      redirect: 'follow',
      ...(body === undefined ? {} : { body }),
      ...(sent.signal === undefined ? {} : { signal: sent.signal }),
    })
    return { response, url: response.url || url, hint: null }
  }
}

/** The address itself is the credential: a second one beside it makes S3 refuse both. */
export function isSigned(url: URL): boolean {
  const names = [...url.searchParams.keys()]
  return names.some((name) => /^(signature|x-amz-signature|x-goog-signature|sig)$/i.test(name))
}

function refuseDowngrade(from: URL, to: URL): void {
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new ClientError(
      'refused',
      `${shownUrl(from)} redirects to something that is no web address.`,
    )
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new ClientError(
      'refused',
      `${shownUrl(from)} redirects from https to http, where everybody on the way can read.`,
    )
  }
}

async function attempt<Answer>(
  fetch: Fetch<Answer>,
  url: string,
  init: RequestInit,
): Promise<Answer> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted === true) throw aborted(init.signal)
    const { why, isLasting } = explainNetwork(cause)
    const code = isLasting ? 'untrusted' : 'unreachable'
    throw new ClientError(code, `${shownUrl(url)} does not answer: ${why}.`, { cause })
  }
}
