import { ClientError } from './client-error.ts'
import { drain } from './drain.ts'
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
 * @throws ClientError `unreachable` when each one breaks off, `bad_answer`; as `sendPatiently`
 */
export async function readPatiently(transport: Transport, sent: Sent): Promise<ReadAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answered = await sendPatiently(transport, sent)
    try {
      return await readWhole(answered, sent.signal)
    } catch (error) {
      if (!isPassing(error) || attempt > transport.retry.attempts) throw error
      const { code, message: sentence } = error
      const waitMs = backoff(transport.retry, attempt)
      await transport.pause({ code, sentence, waitMs }, sent.signal)
    }
  }
}

/** A listing of a hundred thousand files has some 70 MB, and so has a manifest. */
const longest = 512 * 1024 * 1024

/**
 * Reads an answer to its end.
 * @throws ClientError `unreachable` when it breaks off: half of it is none; `bad_answer` when it is too long
 */
export async function readWhole(answered: Answered, signal?: AbortSignal): Promise<ReadAnswer> {
  const { response, url } = answered
  if (!response.ok) return { answered, text: await drain(response) }
  try {
    const length = Number(response.headers.get('content-length'))
    if (length > longest) throw new ClientError('bad_answer', `${shownUrl(url)} answers too much.`)
    return { answered, text: await response.text() }
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    signal?.throwIfAborted()
    throw new ClientError('unreachable', `The answer of ${shownUrl(url)} broke off.`, { cause })
  }
}
