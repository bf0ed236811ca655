import type { FastifyPluginAsync } from 'fastify'
import type { ErrorCode } from '../../core/errors.ts'
import { scriptlessPage } from '../../http/docs-routes.ts'
import { problems, problemType } from './errors.ts'

/** What somebody does who gets it; `not_yours` is told as `not_found`. */
const advice: Record<Exclude<ErrorCode, 'not_yours'>, string> = {
  malformed: 'Send well-formed JSON, or a form, without NUL bytes.',
  invalid: '"errors" lists each point by a JSON Pointer; put them right and ask again.',
  method_not_allowed: 'The field Allow names the methods that this address takes.',
  unsupported_media_type: 'Send the media type that the operation names in the API description.',
  too_large: 'Send less at once, or ask the operator to raise the limit.',
  unauthenticated: 'Send a token, a key pair, or user name and password; a session may have ended.',
  locked_out: 'Wait for as long as Retry-After says, then sign in with the right secret.',
  forbidden: 'Ask an administrator of your organization for the permission that "detail" names.',
  insufficient_scope: 'Get a token with the scope that "detail" names.',
  not_found: 'Check the address. What belongs to somebody else is not told apart from nothing.',
  not_ready: 'Ask again later, or with "Prefer: wait=30"; the state says how far it is.',
  expired: 'Ask for the thing anew: its time is over and its bytes are gone.',
  conflict: 'Read the thing again: its state does not allow this any more, or not yet.',
  idempotency_mismatch: 'Take a new Idempotency-Key for each new request.',
  idempotency_running: 'Wait a moment, then repeat the request with the same key.',
  precondition_failed: 'The thing has changed since you read it: read it again.',
  limit_reached: 'End or remove some of what you have, or ask the operator to raise the limit.',
  too_many_requests: 'Wait for as long as Retry-After says.',
  storage_full: 'Nothing was kept. Tell the operator; repeat the request when there is room.',
  lease_lost: 'Stop: another worker has the job, or nobody wants it any more. Claim the next.',
  unavailable: 'Repeat the request after as long as Retry-After says.',
  internal: 'Repeat it later. If it stays, tell the operator the time: the log has the reason.',
}

/** Where the `type` of a problem leads (RFC 9457 §3.1.1): what it means and what to do. To be mounted at `/problems`. */
export const problemPages: FastifyPluginAsync = async (app) => {
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply.headers(scriptlessPage).type('text/html; charset=utf-8').send(page),
  )
  for (const code of codes) {
    const url = problemType(code).slice('/problems'.length)
    app.get(url, { schema: { hide: true } }, (_request, reply) =>
      reply.redirect(`/problems/#${code}`, 302),
    )
  }
}

const codes = Object.keys(advice) as (keyof typeof advice)[]

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems · Claimcheck</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body class="single">
<main>
<h1>Problems</h1>
<p class="quiet">What the API answers when it refuses something, and what to do then. <a href="/docs">All operations</a></p>
${codes.map(section).join('\n')}
</main>
</body>
</html>
`

function section(code: keyof typeof advice): string {
  const [status, title] = problems[code]
  const words = advice[code].replaceAll('"', '&quot;')
  return `<article id="${code}"><h3>${title}</h3><p class="address"><code>${status} ${code}</code></p><p>${words}</p></article>`
}
