import { refusalOf } from '../call.ts'
import type { ApiName } from '../delivery.ts'
import { drain } from '../drain.ts'
import { asObject, type Json } from '../json.ts'
import type { Transport } from '../transport.ts'

/** What a document says, and whether the server does it. */
export interface Checked {
  readonly api: ApiName
  /** What is expected, as the document says it. */
  readonly expected: string
  /** null: it could not be tried. */
  readonly holds: boolean | null
  readonly seen: string
}

/** An answer as the checks look at it. */
export interface Looked {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON of it; empty when it is none. */
  readonly body: Json
  readonly json: unknown
}

export interface Look {
  readonly headers?: Readonly<Record<string, string>>
  /** Without signing in. */
  readonly anonymous?: boolean
}

/**
 * One GET, not repeated, redirects not followed: nothing is changed at the server.
 * @throws ClientError `unauthenticated`: who is not let in sees nothing that could be checked
 */
export async function look(transport: Transport, url: string, options: Look = {}): Promise<Looked> {
  const authorize = options.anonymous !== true
  const answered = await transport.send({
    ...{ url, authorize },
    follow: false,
    headers: { accept: 'application/json', ...options.headers },
  })
  const { response } = answered
  const text = await drain(response, 64_000_000)
  if (authorize && response.status === 401) throw refusalOf(answered, text)
  const json = parse(text)
  return { status: response.status, headers: response.headers, text, json, body: asObject(json) }
}

/** Whether an answer is as a predicate wants it; what is seen is the status and the beginning. */
export function judge(
  api: ApiName,
  expected: string,
  [looked, holds]: readonly [Looked, boolean],
): Checked {
  const start = looked.text.replaceAll(/\s+/g, ' ').slice(0, 80)
  const seen = `${looked.status}${looked.status < 300 || start === '' ? '' : ` ${start}`}`
  return { api, expected, holds, seen }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
