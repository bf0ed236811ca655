import assert from 'node:assert/strict'
import * as Schema from 'typebox/schema'

/** What the checks read of an OpenAPI document. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
  components: Record<string, unknown>
}

export interface Operation {
  operationId?: string
  tags?: string[]
  responses: Record<string, { content?: Record<string, { schema?: object }> }>
}

export interface Sent {
  /** Any headers, the credentials among them. */
  headers?: Record<string, string>
  /** Sent as JSON, unless it is text, bytes or a form. */
  body?: unknown
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: Headers
  /** Parsed when it is JSON. */
  body: unknown
  text: string
}

/** Asks a server, and fails when an answer is not in the server's own OpenAPI document. */
export interface DocumentedApi {
  readonly document: OpenApi
  ask(method: string, path: string, sent?: Sent): Promise<Answer>
  /** The same for an answer whose body is expected to have these members; typed by the caller. */
  json<T>(method: string, path: string, sent?: Sent & { status?: number }): Promise<T>
}

export async function openDocumentedApi(url: string): Promise<DocumentedApi> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
  const checks = new Map<object, Schema.Validator>()

  async function ask(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const response = await fetch(url + path, toInit(method, sent))
    const text = await response.text()
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : text
    checkAnswer(method, path, { status: response.status, headers: response.headers, body, text })
    return { status: response.status, headers: response.headers, body, text }
  }

  function checkAnswer(method: string, path: string, answer: Answer): void {
    const operation = findOperation(document, method, path)
    if (operation === null) {
      assert.ok([401, 404, 405].includes(answer.status), `${method} ${path} is not documented`)
      return
    }
    const where = `${method} ${path} → ${answer.status}`
    const documented = operation.responses[answer.status]
    assert.ok(documented, `${where} is not documented: ${answer.text.slice(0, 300)}`)
    const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? null
    if (documented.content === undefined) {
      assert.equal(answer.text, '', `${where} has an undocumented body`)
      return
    }
    const schema = documented.content[mediaType ?? '']?.schema
    assert.ok(schema, `${where} has the undocumented media type ${mediaType}`)
    if (typeof answer.body === 'string') return
    const check =
      checks.get(schema) ?? Schema.Compile({ ...schema, components: document.components })
    checks.set(schema, check)
    const [right, faults] = check.Errors(answer.body)
    assert.ok(right, `${where} breaks its schema: ${JSON.stringify(faults)} in ${answer.text}`)
  }

  return {
    document,
    ask,
    async json<T>(method: string, path: string, sent: Sent & { status?: number } = {}) {
      const answer = await ask(method, path, sent)
      assert.equal(answer.status, sent.status ?? 200, `${method} ${path}: ${answer.text}`)
      return answer.body as T
    },
  }
}

function toInit(method: string, { headers = {}, body, signal }: Sent): RequestInit {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData
  return {
    method,
    redirect: 'manual',
    headers: {
      ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }
}

/** The operation that a request meets; a path without parameters comes before one with. */
function findOperation(document: OpenApi, method: string, path: string): Operation | null {
  const [plain = ''] = path.split('?', 1)
  const found = Object.entries(document.paths)
    .filter(([template]) => toPattern(template).test(plain))
    .sort(([a], [b]) => a.split('{').length - b.split('{').length)
  for (const [, methods] of found) {
    const operation = methods[method.toLowerCase()]
    if (operation !== undefined) return operation
  }
  return null
}

function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}/?$`)
}
