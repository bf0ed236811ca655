import { refusalOf } from '../call.ts'
import { ClientError } from '../client-error.ts'
import { codeOfStatus, isPassingStatus } from '../code-of-status.ts'
import { type ContentRange, parseContentRange } from '../content-range.ts'
import { discard, drain } from '../drain.ts'
import { saysExpired } from '../expired-link.ts'
import type { HttpAnswer } from '../http-answer.ts'
import { isPassing } from '../patiently.ts'
import { parseRetryAfter } from '../retry-policy.ts'
import { shownUrl } from '../shown-url.ts'
import type { Answered } from '../transport.ts'
import { learn } from './learn.ts'
import { LinkExpired, Setback, StartAgain } from './setback.ts'
import type { Transfer } from './transfer.ts'

/** Bytes that are wanted: from the first to before the last; null: to the end. */
export interface Wanted {
  readonly start: number
  readonly end: number | null
}

/**
 * Asks for a part of the file, or all of it, and checks that the answer is what was asked for.
 * @throws Setback, StartAgain, LinkExpired, ClientError
 */
export async function ask(
  transfer: Transfer,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { transport } = transfer.options
  const place = await transfer.place(signal)
  const isPart = wanted.start > 0 || wanted.end !== null
  const answered = await transport
    .send({
      url: place.url,
      authorize: place.authorize,
      headers: {
        'accept-encoding': 'identity',
        'want-repr-digest': 'sha-256=10',
        ...(isPart ? rangeFields(transfer, wanted) : {}),
      },
      signal,
    })
    .catch((error: unknown) => {
      throw isPassing(error) ? new Setback(error.code, error.message) : error
    })
  try {
    const { url: placeUrl, renewable } = place
    await check(transfer, { ...answered, wanted, placeUrl, renewable })
    return answered.response
  } catch (error) {
    discard(answered.response)
    throw error
  }
}

function rangeFields({ known }: Transfer, { start, end }: Wanted): Record<string, string> {
  const range = `bytes=${start}-${end === null ? '' : end - 1}`
  return known.etag === null ? { range } : { range, 'if-range': known.etag }
}

interface Answer extends Answered<HttpAnswer> {
  readonly wanted: Wanted
  readonly placeUrl: string
  readonly renewable: boolean
}

async function check(transfer: Transfer, answer: Answer): Promise<void> {
  const { response, wanted, url } = answer
  const { status, headers } = response
  if (status === 200) {
    refusePage(transfer, answer)
    learn(transfer, headers, { origin: new URL(url).origin, range: null })
    if (wanted.start === 0 && wanted.end === null) return
    transfer.hasNoRanges = true
    throw new StartAgain('no_ranges', `${shownUrl(url)} does not give parts of the file.`)
  }
  if (status === 206) {
    const range = demandRange(answer)
    learn(transfer, headers, { origin: new URL(url).origin, range })
    return
  }
  if (status === 412 || status === 416) {
    throw new StartAgain('changed', `${shownUrl(url)} has no such part any more.`)
  }
  throw await refusal(transfer, answer)
}

/** RFC 9110 §15.3.7: a part says which one it is; one that we did not ask for must not be taken. */
function demandRange({ response, wanted, url }: Answer): ContentRange {
  const range = parseContentRange(response.headers.get('content-range'))
  if (range !== null && range.start === wanted.start) {
    if (wanted.end === null || range.end <= wanted.end) return range
  }
  throw new Setback('bad_answer', `${shownUrl(url)} gives another part than it was asked for.`)
}

/** A firewall's page, or a sign-in form, with 200. */
function refusePage({ options: { file, target } }: Transfer, { response, url }: Answer): void {
  const type = response.headers.get('content-type') ?? ''
  if (!/^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(type)) return
  const isWanted = /html/i.test(file.mediaType ?? '') || /\.x?html?$/i.test(target)
  const isFile = /^\s*attachment/i.test(response.headers.get('content-disposition') ?? '')
  if (isWanted || isFile) return
  const sentence = `${shownUrl(url)} gives a web page in place of the file: a browser shows what it wants.`
  throw new Setback('not_a_file', sentence)
}

async function refusal(transfer: Transfer, answer: Answer): Promise<Error> {
  const { response, url, placeUrl, renewable } = answer
  const { status, headers } = response
  const body = await drain(response)
  if (saysExpired(status, body)) {
    transfer.forget(placeUrl)
    if (renewable) return new LinkExpired(`${shownUrl(url)} is over its time.`)
    return new ClientError('link_expired', `${shownUrl(url)} is over its time. Ask for a new one.`)
  }
  const waitMs = parseRetryAfter(headers.get('retry-after'), transfer.options.transport.now())
  if (status === 204) {
    return new ClientError(
      'not_found',
      `${shownUrl(url)} has nothing to give (204): all of it was picked up, or nothing is ready yet.`,
    )
  }
  if (status === 202) {
    return new Setback('refused', `${shownUrl(url)} says that the file is not ready yet.`, waitMs)
  }
  if (isPassingStatus(status) || status >= 500) {
    return new Setback(codeOfStatus(status), `${shownUrl(url)} answers ${status}.`, waitMs)
  }
  if (status === 403 && /^\s*<(?:!doctype )?html/i.test(body)) {
    return new Setback('forbidden', `A firewall before ${shownUrl(url)} refuses.`, waitMs)
  }
  return refusalOf(answer, body)
}
