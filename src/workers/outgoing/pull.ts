import type { IncomingMessage } from 'node:http'
import { DeliveryError } from '../../core/errors.ts'
import { type Guard, requestGuarded } from './guarded-request.ts'

export interface PullOptions {
  guard: Guard
  signal: AbortSignal
  /** How long the whole may take. */
  milliseconds: number
  /** In bytes. */
  limit: number
}

const mostRedirects = 5

/**
 * The bytes of a public URL. Redirects are followed by hand, each under the same checks, at most five.
 * @throws DeliveryError `invalid` for what another attempt cannot mend: an address that is not
 *   public, a refusal of the other server, too many bytes or redirects; `unavailable` for what it may
 */
export async function* pull(url: string, options: PullOptions): AsyncGenerator<Uint8Array> {
  const deadline = AbortSignal.timeout(options.milliseconds)
  const signal = AbortSignal.any([options.signal, deadline])
  try {
    const response = await follow(url, options, signal)
    yield* readBody(response, options.limit)
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof DeliveryError) throw error
    throw new DeliveryError('unavailable', sentenceOf(error, deadline), { cause: error })
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

async function* readBody(response: IncomingMessage, limit: number): AsyncGenerator<Uint8Array> {
  const coding = response.headers['content-encoding'] ?? 'identity'
  if (coding !== 'identity') {
    response.destroy()
    throw new DeliveryError('invalid', `The document came in a content coding (${coding}).`)
  }
  if (Number(response.headers['content-length'] ?? 0) > limit) {
    response.destroy()
    throw new DeliveryError('invalid', `A document may have at most ${limit} bytes.`)
  }
  for await (const chunk of response) yield chunk as Uint8Array
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
function sentenceOf(error: unknown, deadline: AbortSignal): string {
  if (deadline.aborted) return 'The document took too long to come.'
  const { code } = error as NodeJS.ErrnoException
  return `The server that holds the document could not be reached (${code ?? 'broken connection'}).`
}
