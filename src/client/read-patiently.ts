import { ClientError } from './client-error.ts'
import { discard, drain } from './drain.ts'
import { isPassing, sendPatiently } from './patiently.ts'
import { backoff } from './retry-policy.ts'
import { shownUrl } from './shown-url.ts'
import type { Answered, Sent, Transport } from './transport.ts'

/** An answer with its text; of a refusal as much of it as it takes to understand it. */
export interface ReadAnswer {
  readonly answered: Answered
  readonly text: string
}

/**
 * Sends a request that may be sent twice until its answer came whole.
 * @param longest in bytes
 * @throws ClientError `unreachable` when each one breaks off, `bad_answer` when one is too long; as
 *   `sendPatiently`
 */
export async function readPatiently(
  transport: Transport,
  sent: Sent,
  longest = longestText,
): Promise<ReadAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answered = await sendPatiently(transport, sent)
    try {
      return await readWhole(answered, { signal: sent.signal, longest })
    } catch (error) {
      if (!isPassing(error) || attempt > transport.retry.attempts) throw error
      const { code, message: sentence } = error
      const waitMs = backoff(transport.retry, attempt)
      await transport.pause({ code, sentence, waitMs }, sent.signal)
    }
  }
}

/** In bytes. A listing of a hundred thousand files has some 70 MB, and so has a manifest. */
const longestText = 256 * 1024 * 1024

/**
 * Reads an answer to its end.
 * @throws ClientError `unreachable` when it breaks off: half of it is none; `bad_answer` when it is too long
 */
export async function readWhole(
  answered: Answered,
  { signal, longest = longestText }: { signal?: AbortSignal | undefined; longest?: number } = {},
): Promise<ReadAnswer> {
  const { response, url } = answered
  if (!response.ok) return { answered, text: await drain(response) }
  try {
    const text = await readText(response, longest)
    if (text === null) throw new ClientError('bad_answer', `${shownUrl(url)} answers too much.`)
    return { answered, text }
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    signal?.throwIfAborted()
    throw new ClientError('unreachable', `The answer of ${shownUrl(url)} broke off.`, { cause })
  }
}

/** null when it is longer. Counted as it comes: not every answer tells its length, or that of its text. */
async function readText(response: Response, longest: number): Promise<string | null> {
  if (Number(response.headers.get('content-length')) > longest) {
    discard(response)
    return null
  }
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let left = longest
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    left -= value.byteLength
    if (left < 0) {
      void reader.cancel().catch(() => {})
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}
