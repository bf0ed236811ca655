import { ClientError, type ClientErrorCode } from './client-error.ts'
import { codeOfStatus, isPassingStatus } from './code-of-status.ts'
import { drain } from './drain.ts'
import type { HttpAnswer } from './http-answer.ts'
import { backoff, parseRetryAfter } from './retry-policy.ts'
import { shownUrl } from './shown-url.ts'
import type { Answered, Sent, Transport } from './transport.ts'

/**
 * Sends a request that may be sent twice until it is answered for good: without an answer or with
 * one that says "not now", it is sent again, Retry-After obeyed.
 * @throws ClientError `unreachable`, `too_busy`, `server_failed` when patience ends
 */
export async function sendPatiently<Answer extends HttpAnswer>(
  transport: Transport<Answer>,
  sent: Sent,
): Promise<Answered<Answer>> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await transport.send(sent).catch((error: unknown) => {
      if (!isPassing(error) || attempt > transport.retry.attempts) throw error
      return error
    })
    const own = backoff(transport.retry, attempt)
    if (outcome instanceof ClientError) {
      const { code, message: sentence } = outcome
      await transport.pause({ code, sentence, waitMs: own }, sent.signal)
      continue
    }
    const { response } = outcome
    if (!isPassingStatus(response.status)) return outcome
    await drain(response)
    const waitMs = pauseAfter(transport, response, { attempt, url: sent.url, own })
    const sentence = `${shownUrl(sent.url)} answers ${response.status}.`
    await transport.pause({ code: codeOfStatus(response.status), sentence, waitMs }, sent.signal)
  }
}

/** Whether a request that was not answered may be, another time; so with one for the token to send. */
export function isPassing(error: unknown): error is ClientError {
  const codes: readonly ClientErrorCode[] = ['unreachable', 'too_busy', 'server_failed']
  return error instanceof ClientError && codes.includes(error.code)
}

/**
 * How long to wait after an answer that says "not now", in ms.
 * @throws ClientError when the attempts are used up or the server asks for too much patience
 */
function pauseAfter(
  { retry, now }: Pick<Transport, 'retry' | 'now'>,
  response: HttpAnswer,
  { attempt, url, own }: { attempt: number; url: string; own: number },
): number {
  const { status } = response
  const asked = parseRetryAfter(response.headers.get('retry-after'), now())
  if (attempt <= retry.attempts && (asked ?? 0) <= retry.obeyMs) return asked ?? own
  const seconds = asked === null ? '' : ` and asks for ${Math.ceil(asked / 1000)} s of patience`
  throw new ClientError(
    codeOfStatus(status),
    `${shownUrl(url)} answers ${status} again and again${seconds}. Try later.`,
    { details: { status } },
  )
}
