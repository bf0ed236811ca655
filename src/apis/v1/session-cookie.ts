import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sessions } from '../../auth/session.ts'
import { DeliveryError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import { type ApiContext, baseUrl } from '../../http/api-context.ts'

interface SessionContext extends ApiContext {
  readonly sessions: Sessions
}

/** The session token that a request brings in its cookie; null when there is none. */
export function sessionToken(context: ApiContext, request: FastifyRequest): string | null {
  return cookieNamed(request, cookieName(context, request))
}

/** The value of the first cookie with a name; null when there is none or it is empty. */
export function cookieNamed(request: FastifyRequest, wanted: string): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (pair.slice(0, equals).trim() === wanted) return pair.slice(equals + 1).trim() || null
  }
  return null
}

/**
 * Who a session is of; its cookie is renewed while it is used.
 * @throws DeliveryError `unauthenticated` when it has ended, `forbidden` when another site asks
 */
export async function principalOfSession(
  context: SessionContext,
  { request, reply, token }: { request: FastifyRequest; reply: FastifyReply; token: string },
): Promise<Principal> {
  demandSameOrigin(context, request)
  const session = await context.sessions.check(token)
  if (session === null) {
    throw new DeliveryError('unauthenticated', 'Your session has ended; sign in again.', {
      details: { reason: 'expired', scheme: 'session' },
    })
  }
  // An event stream asks again and again, long after its head went out.
  if (session.renewed !== null && !reply.raw.headersSent) {
    setSessionCookie(context, { request, reply, token: session.renewed })
  }
  return session.credential.principal
}

/** Hands the browser a session to keep, or takes it away. */
export function setSessionCookie(
  context: SessionContext,
  { request, reply, token }: { request: FastifyRequest; reply: FastifyReply; token: string | null },
): void {
  const secure = isSecure(context, request) ? '; Secure' : ''
  const age = token === null ? 0 : context.sessions.limits.idleSeconds
  reply.header(
    'set-cookie',
    `${cookieName(context, request)}=${token ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${secure}`,
  )
}

/**
 * A browser adds the cookie whoever has written the page: what changes something must come from a
 * page of ours. Fetch Metadata says so, or else the Origin; a request with neither is no browser's.
 * @throws DeliveryError `forbidden`
 */
export function demandSameOrigin(context: ApiContext, request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const site = request.headers['sec-fetch-site']
  const isOurs =
    site === undefined
      ? request.headers.origin === new URL(baseUrl(context, request)).origin
      : site === 'same-origin'
  if (isOurs) return
  throw new DeliveryError(
    'forbidden',
    'A request with a session cookie must come from a page of this server; programs sign in by a header.',
  )
}

/** RFC 6265bis §4.1.3.2: with the prefix `__Host-` no other host can have set it. */
function cookieName(context: ApiContext, request: FastifyRequest): string {
  return isSecure(context, request) ? '__Host-claimcheck' : 'claimcheck'
}

/** Is the server reached by HTTPS, its own or that of a proxy before it? */
export function isSecure(context: ApiContext, request: FastifyRequest): boolean {
  return baseUrl(context, request).startsWith('https:')
}
