import { ClientError } from './client-error.ts'
import { drain } from './drain.ts'
import { backoff, parseRetryAfter } from './retry-policy.ts'
import { shownUrl } from './shown-url.ts'
import type { Answered, Sent, Transport } from './transport.ts'

/** Statuses after which the same request may well succeed. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Sends a request that may be sent twice until it is answered for good: without an answer or with
 * one that says "not now", it is sent again, Retry-After obeyed.
 * @throws ClientError `unreachable`, `too_busy`, `server_failed` when patience ends
 */
export async function sendPatiently(transport: Transport, sent: Sent): Promise<Answered> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await transport.send(sent).catch((error: unknown) => {
      const isPassing = error instanceof ClientError && error.code === 'unreachable'
      if (!isPassing || attempt > transport.retry.attempts) throw error
      return null
    })
    if (outcome !== null && !passing.has(outcome.response.status)) return outcome
    let pause = backoff(transport.retry, attempt)
    if (outcome !== null) {
      const { response } = outcome
      await drain(response)
      pause = await pauseAfter(transport, response, { attempt, url: sent.url, pause })
    }
    await transport.wait(pause, sent.signal)
  }
}

/**
 * How long to wait after an answer that says "not now", in ms.
 * @throws ClientError when the attempts are used up or the server asks for too much patience
 */
export async function pauseAfter(
  { retry, now }: Transport,
  response: Response,
  { attempt, url, pause }: { attempt: number; url: string; pause: number },
): Promise<number> {
  const { status } = response
  const asked = parseRetryAfter(response.headers.get('retry-after'), now())
  if (attempt <= retry.attempts && (asked ?? 0) <= retry.obeyMs) return asked ?? pause
  const seconds = asked === null ? '' : ` and asks for ${Math.ceil(asked / 1000)} s of patience`
  throw new ClientError(
    status === 429 || status === 503 ? 'too_busy' : 'server_failed',
    `${shownUrl(url)} answers ${status} again and again${seconds}. Try later.`,
    { details: { status } },
  )
}
