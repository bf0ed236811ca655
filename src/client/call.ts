import { ClientError } from './client-error.ts'
import { codeOfStatus } from './code-of-status.ts'
import type { HttpAnswer } from './http-answer.ts'
import { readPatiently, readWhole } from './read-patiently.ts'
import { shownUrl } from './shown-url.ts'
import type { Answered, Sent, Transport } from './transport.ts'

/** A JSON answer. */
export interface Called {
  readonly status: number
  readonly headers: Headers
  /** null where there is no body. */
  readonly body: unknown
  readonly url: string
}

export interface CallOptions extends Sent {
  /** Statuses beside 2xx that are answers, not refusals. */
  readonly accept?: readonly number[]
  /** false: sent once, because twice would do it twice. */
  readonly repeatable?: boolean
}

/**
 * Sends a request and reads the JSON of its answer.
 * @throws ClientError by the status; `bad_answer` for what is no JSON, such as the page of a firewall
 */
export async function call(transport: Transport, options: CallOptions): Promise<Called> {
  const { accept = [], repeatable = true, ...sent } = options
  const asked = { ...sent, headers: { accept: 'application/json', ...sent.headers } }
  const { answered, text } = repeatable
    ? await readPatiently(transport, asked)
    : await readWhole(await transport.send(asked), { signal: asked.signal })
  const { response, url } = answered
  const { status, headers } = response
  if (!response.ok && !accept.includes(status)) throw refusalOf(answered, text)
  return { status, headers, body: text.trim() === '' ? null : parse(text, url), url }
}

/** POSTs a JSON body. */
export async function post(
  transport: Transport,
  url: string,
  options: Omit<CallOptions, 'url' | 'body'> & { json: unknown },
): Promise<Called> {
  const { json, headers, ...rest } = options
  return await call(transport, {
    repeatable: false,
    ...rest,
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  })
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const page = /^\s*</.test(text) ? 'a web page' : 'something else'
    throw new ClientError('bad_answer', `${shownUrl(url)} answers ${page} in place of JSON.`)
  }
}

/** A refusal as an error with the server's own words, when it has some. */
export function refusalOf(
  { response: { status }, url, hint }: Answered<HttpAnswer>,
  text: string,
): ClientError {
  const said = sentenceOf(text)
  const words = said === null ? '' : `: ${said.replace(/\.$/, '')}`
  return new ClientError(codeOfStatus(status), `${shownUrl(url)} answers ${status}${words}.`, {
    details: { status },
    hint,
  })
}

/** Each API has its own form of an error; all of them have a sentence somewhere. */
function sentenceOf(text: string): string | null {
  if (/^\s*<\?xml|^\s*<Error/.test(text)) return cleaned(/<Message>([^<]*)/.exec(text)?.[1])
  if (/^\s*</.test(text)) return null
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return cleaned(text)
  }
  return findSentence(body, 0)
}

const sentenceMembers = ['detail', 'message', 'messages', 'errors', 'error_description', 'title']

function findSentence(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return cleaned(value)
  if (depth > 4 || typeof value !== 'object' || value === null) return null
  const inner: unknown[] = Array.isArray(value)
    ? value.slice(0, 3)
    : sentenceMembers.map((name) => (value as Record<string, unknown>)[name])
  for (const one of inner) {
    const found = findSentence(one, depth + 1)
    if (found !== null) return found
  }
  return null
}

function cleaned(text: string | undefined): string | null {
  const line = (text ?? '').replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
  return line === '' ? null : line.slice(0, 300)
}
