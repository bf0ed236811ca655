import type { IncomingMessage, ServerResponse } from 'node:http'

/** Node keeps the first of each; a proxy in front may have believed the last. */
const single = ['host', 'authorization']

/**
 * Answers 400 to a request that says twice whom it asks or who is asking (RFC 9112 §3.2, RFC 9110
 * §5.3); true when it has.
 */
export function refuseRepeated(request: IncomingMessage, response: ServerResponse): boolean {
  if (!single.some((name) => isRepeated(request.rawHeaders, name))) return false
  const detail = 'The request has the field Host or Authorization more than once.'
  const problem = { type: 'about:blank', title: 'Bad Request', status: 400, detail }
  response
    .writeHead(400, { 'Content-Type': 'application/problem+json', Connection: 'close' })
    .end(JSON.stringify(problem))
  return true
}

/** @param fields names and values by turns */
function isRepeated(fields: readonly string[], name: string): boolean {
  let count = 0
  for (let at = 0; at < fields.length; at += 2) {
    const field = fields[at] ?? ''
    // Most names are sorted out by their length: this stands before every request.
    if (field.length === name.length && field.toLowerCase() === name) count += 1
  }
  return count > 1
}
