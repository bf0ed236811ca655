import { setTimeout as pause } from 'node:timers/promises'

export interface Asking {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  readonly redirect?: 'manual'
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal
  /** Answers that are right; any other but 503 is a flaw. */
  readonly expect: readonly number[]
}

/** So long anybody waits for an answer that is not 503, however much goes wrong. */
const PATIENCE_MS = 120_000
/** A server that says nothing for so long is given up. */
const SILENCE_MS = 8000

/**
 * Asks until there is an answer, as a careful program does: again after a cut, a silence, a 408 or a 503.
 * @throws Error for an answer that is not expected, and when none comes
 */
export async function askPatiently(url: string, asking: Asking): Promise<Response> {
  const patience = performance.now() + PATIENCE_MS
  const { expect, signal, ...init } = asking
  const what = `${asking.method ?? 'GET'} ${new URL(url).pathname}`
  for (;;) {
    signal?.throwIfAborted()
    const response = await askOnce(url, init)
    // RFC 9110 §15.5.9: a server says 408 to a connection that it closes for being idle, and a request
    // that was just put on it may be sent again.
    if (response !== null && response.status !== 503 && response.status !== 408) {
      if (expect.includes(response.status)) return response
      throw new Error(`${what} answered ${response.status}: ${await response.text()}`)
    }
    if (response !== null) {
      await response.body?.cancel().catch(() => {})
      const after = Number(response.headers.get('retry-after'))
      if (response.status === 503 && !(after >= 1))
        throw new Error(`${what} answered 503 without Retry-After.`)
    }
    if (performance.now() > patience) throw new Error(`${what} has no answer since two minutes.`)
    await pause(100 + Math.random() * 200)
  }
}

/** The answer's body as JSON; the whole is asked for again when it breaks off. */
export async function askForJson<T>(url: string, asking: Asking): Promise<T> {
  for (;;) {
    const response = await askPatiently(url, asking)
    const text = await response.text().catch(unlessCut)
    if (text !== null) return JSON.parse(text) as T
  }
}

async function askOnce(
  url: string,
  init: Omit<Asking, 'expect' | 'signal'>,
): Promise<Response | null> {
  const signal = AbortSignal.timeout(SILENCE_MS)
  const { body, ...rest } = init
  return await fetch(url, {
    ...rest,
    signal,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  }).catch(unlessCut)
}

/** Null for what `fetch` throws when a connection is refused, cut or silent. */
export function unlessCut(error: unknown): null {
  const isCut = error instanceof TypeError && /fetch failed|terminated/.test(error.message)
  const isSilence = error instanceof DOMException && error.name === 'TimeoutError'
  if (isCut || isSilence) return null
  throw error
}
