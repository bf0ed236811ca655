/** What `/v1` refused: its problem document (RFC 9457), or that it was not reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly errors: readonly FieldError[]

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? '')
    this.status = status
    this.code = problem.code ?? (status === 0 ? 'offline' : 'internal')
    this.errors = problem.errors ?? []
  }
}

export interface FieldError {
  /** A JSON Pointer. */
  path: string
  problem: string
}

interface Problem {
  detail: string
  code: string
  errors: FieldError[]
}

export interface Page<Item> {
  items: Item[]
  next: string | null
}

let onSignedOut = () => {}

/** Calls back when an answer says that nobody is signed in any more. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback
}

/**
 * One request to `/v1`, signed in by the session's cookie.
 * @throws ApiError
 */
export async function call<Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const answer = await fetch(`/v1${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => null)
  if (answer === null) throw new ApiError(0, {})
  if (answer.status === 204) return undefined as Answer
  const json: unknown = await answer.json().catch(() => null)
  if (answer.ok) return json as Answer
  if (answer.status === 401 && path !== '/session') onSignedOut()
  throw new ApiError(answer.status, (json ?? {}) as Partial<Problem>)
}

export const get = <Answer>(path: string) => call<Answer>('GET', path)
export const post = <Answer>(path: string, body?: unknown) => call<Answer>('POST', path, body)

export interface Sending {
  method: 'POST' | 'PUT' | 'PATCH'
  url: string
  bytes: Blob | FormData
  headers?: Readonly<Record<string, string>>
  /** From 0 to 1. */
  onProgress(done: number): void
  signal: AbortSignal
}

/**
 * Sends bytes and tells how far it is, which `fetch` cannot.
 * @throws ApiError
 */
export function transmit(sending: Sending): Promise<void> {
  const { method, url, bytes, onProgress, signal } = sending
  // The browser says itself where the parts of a form end.
  const type =
    bytes instanceof Blob ? { 'content-type': bytes.type || 'application/octet-stream' } : {}
  const headers: Readonly<Record<string, string>> = { ...type, ...sending.headers }
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total)
    request.onerror = () => reject(new ApiError(0, {}))
    request.onabort = () => reject(new ApiError(0, { code: 'aborted' }))
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve()
      else reject(new ApiError(request.status, parse(request.responseText) ?? {}))
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(bytes)
  })
}

function parse(text: string): Partial<Problem> | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
