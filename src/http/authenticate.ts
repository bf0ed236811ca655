import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SignIn, SignInMethod } from '../auth/sign-in.ts'
import type { DeliveryError } from '../core/errors.ts'
import type { Principal } from '../core/principal.ts'

/** How one may sign in to an API. */
export interface Challenges {
  methods: readonly SignInMethod[]
  /** Names the protected space; "Claimcheck" when not given. */
  realm?: string
  /** The scope that the API asks a token for. */
  scope?: string
  /** The query parameter that may carry the token where there is no Authorization header (RFC 6750 §2.3). */
  tokenParameter?: string
}

const principalKey = Symbol('principal')

declare module 'fastify' {
  interface FastifyRequest {
    [principalKey]?: Principal
  }
}

/** Calls `done` at once when nothing has to be waited for: a promise for each poll costs more than its row. */
export type SignInHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => void

/**
 * A hook, for `onRequest` or `preHandler`, that lets nobody through who has not signed in. When it
 * refuses, WWW-Authenticate or Retry-After are set already; status and body are the API's.
 * @throws DeliveryError `unauthenticated`, `locked_out`, `unavailable`
 */
export function authenticate(signIn: SignIn, challenges: Challenges): SignInHook {
  return (request, reply, done) => {
    const attempt = {
      authorization: request.headers.authorization ?? tokenInQuery(request, challenges),
      address: request.ip,
      methods: challenges.methods,
    }
    const known = signIn.recall(attempt)
    if (known !== null) {
      setPrincipal(request, known)
      done()
      return
    }
    signIn.byHeader(attempt).then(
      (principal) => {
        setPrincipal(request, principal)
        done()
      },
      (error) => {
        setRefusalFields(reply, error as DeliveryError, challenges)
        done(error)
      },
    )
  }
}

function tokenInQuery(request: FastifyRequest, { tokenParameter }: Challenges): string | undefined {
  if (tokenParameter === undefined) return undefined
  const token = (request.query as Record<string, unknown>)[tokenParameter]
  return typeof token === 'string' && token !== '' ? `Bearer ${token}` : undefined
}

/** Who asks. Throws when the route is not behind `authenticate`: a mistake of ours. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = request[principalKey]
  if (principal === undefined) throw new Error(`${request.url} is not behind authenticate().`)
  return principal
}

/** Says who asks, where it was found out in another way: by a session cookie. */
export function setPrincipal(request: FastifyRequest, principal: Principal): void {
  request[principalKey] = principal
}

/**
 * The value of WWW-Authenticate (RFC 9110 §11.6.1) for an `unauthenticated` or `insufficient_scope`
 * error. RFC 6750 §3: no error code when no token was sent.
 */
export function wwwAuthenticate(error: DeliveryError, challenges: Challenges): string {
  const realm = `realm="${quoted(challenges.realm ?? 'Claimcheck')}"`
  const fields: string[] = []
  if (challenges.methods.includes('bearer')) {
    fields.push([`Bearer ${realm}`, ...bearerParameters(error, challenges)].join(', '))
  }
  if (challenges.methods.some((method) => method !== 'bearer')) {
    // RFC 7617 §2.1
    fields.push(`Basic ${realm}, charset="UTF-8"`)
  }
  return fields.join(', ')
}

function bearerParameters(error: DeliveryError, { scope }: Challenges): string[] {
  const scopes = scope === undefined ? [] : [`scope="${quoted(scope)}"`]
  if (error.code === 'insufficient_scope') {
    return ['error="insufficient_scope"', ...scopes]
  }
  const { reason, scheme } = error.details
  if (scheme !== 'bearer') return scopes
  if (reason === 'expired') {
    return ['error="invalid_token"', 'error_description="The access token expired"', ...scopes]
  }
  return ['error="invalid_token"', ...scopes]
}

function setRefusalFields(reply: FastifyReply, error: DeliveryError, challenges: Challenges): void {
  if (error.code === 'unauthenticated') {
    reply.header('WWW-Authenticate', wwwAuthenticate(error, challenges))
  }
  const retryAfter = error.details?.retryAfter
  if (typeof retryAfter === 'number') reply.header('Retry-After', retryAfter)
}

function quoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&')
}
