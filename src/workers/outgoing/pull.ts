import type { IncomingMessage } from 'node:http'
import { atMost } from '../../core/at-most.ts'
import { DeliveryError } from '../../core/errors.ts'
import { type Guard, requestGuarded } from './guarded-request.ts'

export interface PullOptions {
  guard: Guard
  signal: AbortSignal
  /** How long the whole may take. */
  milliseconds: number
  /** How long the other server may keep silent; a minute when left out. */
  silentMilliseconds?: number
  /** In bytes, announced or counted. */
  limit: number
  /** Whoever takes the bytes knows how many come, or their digest: then the other server need not tell their end. */
  isAnnounced?: boolean
}

const mostRedirects = 5
/** A server that says nothing is to hold no place that others wait for. */
const SILENT_MS = 60_000

/**
 * The bytes of a public URL. Redirects are followed by hand, each under the same checks, at most five.
 * @throws DeliveryError `invalid` for what another attempt cannot mend: an address that is not
 *   public, a refusal of the other server, too many bytes or redirects, an end that nobody tells;
 *   `unavailable` for what it may
 */
export async function* pull(url: string, options: PullOptions): AsyncGenerator<Uint8Array> {
  const deadline = AbortSignal.timeout(options.milliseconds)
  const silence = new AbortController()
  const wait = () => setTimeout(() => silence.abort(), options.silentMilliseconds ?? SILENT_MS)
  const signal = AbortSignal.any([options.signal, deadline, silence.signal])
  let waiting = wait()
  try {
    const response = await follow(url, options, signal)
    for await (const chunk of readBody(response, options)) {
      // How long whoever takes the bytes needs for them is not the other server's silence.
      clearTimeout(waiting)
      yield chunk
      waiting = wait()
    }
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof DeliveryError) throw error
    const sentence = sentenceOf(error, { deadline, silence: silence.signal })
    throw new DeliveryError('unavailable', sentence, { cause: error })
  } finally {
    clearTimeout(waiting)
  }
}

async function follow(
  url: string,
  { guard }: PullOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let next = parseUrl(url)
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const response = await requestGuarded(next, guard, {
      method: 'GET',
      headers: { Accept: '*/*', 'Accept-Encoding': 'identity', 'User-Agent': 'Claimcheck' },
      signal,
    })
    const { statusCode: status = 0, headers } = response
    if (status === 200) return response
    response.destroy()
    if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) {
      throw answered(status)
    }
    next = parseUrl(headers.location, next)
  }
  throw new DeliveryError('invalid', `The URL led through more than ${mostRedirects} redirects.`)
}

async function* readBody(
  response: IncomingMessage,
  { limit, isAnnounced = false }: PullOptions,
): AsyncGenerator<Uint8Array> {
  const coding = response.headers['content-encoding'] ?? 'identity'
  if (coding !== 'identity') {
    response.destroy()
    throw new DeliveryError('invalid', `The document came in a content coding (${coding}).`)
  }
  if (Number(response.headers['content-length'] ?? 0) > limit) {
    response.destroy()
    throw tooLong(limit)
  }
  if (!isAnnounced && !tellsItsEnd(response)) {
    response.destroy()
    throw new DeliveryError(
      'invalid',
      'The server that holds the document does not tell where it ends, so that half of it would pass for the whole.',
    )
  }
  yield* atMost(response as AsyncIterable<Uint8Array>, limit, tooLong)
}

/** Without either the body ends with the connection (RFC 9112 §6.3), also with one that broke. */
function tellsItsEnd({ headers }: IncomingMessage): boolean {
  return (
    headers['content-length'] !== undefined ||
    /(?:^|,)\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
  )
}

/** Not `too_large`: what is too long now will be so at the next attempt. */
function tooLong(limit: number): DeliveryError {
  return new DeliveryError('invalid', `What is pulled may have at most ${limit} bytes.`)
}

function parseUrl(text: string, base?: URL): URL {
  if (URL.canParse(text, base)) return new URL(text, base)
  throw new DeliveryError('invalid', 'The URL cannot be read.')
}

function answered(status: number): DeliveryError {
  const passes = status === 408 || status === 429 || status >= 500
  const sentence = `The server that holds the document answered ${status}.`
  return new DeliveryError(passes ? 'unavailable' : 'invalid', sentence)
}

/** The customer learns no more of our network than that it did not work. */
function sentenceOf(
  error: unknown,
  { deadline, silence }: { deadline: AbortSignal; silence: AbortSignal },
): string {
  if (deadline.aborted) return 'The document took too long to come.'
  if (silence.aborted) return 'The server that holds the document stopped sending.'
  const { code } = error as NodeJS.ErrnoException
  return `The server that holds the document could not be reached (${code ?? 'broken connection'}).`
}
