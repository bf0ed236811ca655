import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerDefault,
} from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Sessions } from '../../auth/session.ts'
import type { ApiContext } from '../../http/api-context.ts'
import { authenticate, type SignInHook, setPrincipal } from '../../http/authenticate.ts'
import { principalOfSession, sessionToken } from './session-cookie.ts'

/** The app as the routes of this API see it: their schemas give their types. */
export type V1App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** What the routes of this API work with. */
export interface V1Context extends ApiContext {
  /** Aborted when the server begins to stop: whoever waits is answered then. */
  readonly stopping: AbortSignal
  readonly sessions: Sessions
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a sign-in. */
    isOpen?: boolean
  }
}

/** How one signs in here. */
export const challenges = { methods: ['basic-password', 'basic-key', 'bearer'] } as const

/**
 * The hook behind which all routes of this API stand: by the Authorization header, or by the portal's
 * session cookie where there is none.
 */
export function signInHook(context: V1Context): SignInHook {
  const byHeader = authenticate(context.signIn, challenges)
  return (request, reply, done) => {
    if (request.routeOptions.config.isOpen === true) return done()
    const token =
      request.headers.authorization === undefined ? sessionToken(context, request) : null
    if (token === null) return byHeader(request, reply, done)
    principalOfSession(context, { request, reply, token }).then((principal) => {
      setPrincipal(request, principal)
      done()
    }, done)
  }
}

/** The same again, for a request that lasts: is it still permitted? */
export function signInAgain(context: V1Context) {
  const signIn = signInHook(context)
  return (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    new Promise((resolve, reject) => {
      signIn(request, reply, (error) => (error === undefined ? resolve() : reject(error)))
    })
}

/** What nearly every route may answer. */
const common = [400, 401, 403, 422, 429, 500, 503] as const

type ProblemAnswers<Status extends number> = Record<
  Status,
  { description: string; content: Record<string, { schema: { $ref: string } }> }
>

/** The answers of a route: the good ones, and a problem for each status by which it may refuse. */
export function answers<Good extends object, Status extends number = never>(
  good: Good,
  ...refusals: Status[]
): Good & ProblemAnswers<Status | (typeof common)[number]> {
  const problems = [...new Set<number>([...common, ...refusals])].sort().map((status) => [
    status,
    {
      description: descriptions[status] ?? 'Refused.',
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    },
  ])
  return { ...good, ...Object.fromEntries(problems) }
}

const descriptions: Record<number, string> = {
  400: 'The request cannot be read.',
  401: 'Nobody is signed in.',
  403: 'The caller lacks a permission, or the token a scope.',
  404: 'It does not exist, or belongs to somebody else.',
  409: 'The state of the thing does not allow it now.',
  410: 'Its time is over.',
  413: 'The body is too large.',
  415: 'The body has a media type that is not taken.',
  422: 'The request can be read and is not valid; `errors` names the places.',
  429: 'Too many requests; see Retry-After.',
  500: 'Something went wrong on our side.',
  503: 'Try again in a moment.',
  507: 'The storage is full.',
}

/** An answer without a body. */
export function noBody(description: string) {
  return Type.Null({ description })
}

/** Path parameters. */
export const ById = Type.Object({ id: Type.String({ maxLength: 100 }) })
export const ByNumber = Type.Object({
  number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
})

/** A query without any members but these. */
export function query<Members extends Record<string, TSchema>>(members: Members) {
  return Type.Object(members, { additionalProperties: false })
}

/**
 * Aborts when the client leaves before it is answered, or the server begins to stop. (The signal of
 * Fastify aborts as soon as the request has been read.)
 */
export function untilLeft(context: V1Context, reply: FastifyReply): AbortSignal {
  const left = new AbortController()
  reply.raw.once('close', () => left.abort())
  return AbortSignal.any([left.signal, context.stopping])
}

/** The Idempotency-Key of a request, as the core takes it. */
export function idempotencyKeyOf(request: FastifyRequest): { idempotencyKey?: string } {
  const key = request.headers['idempotency-key']
  return typeof key === 'string' ? { idempotencyKey: key } : {}
}

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'Any text of yours. Within 24 hours the same key with the same body gives the first answer again.',
    }),
  ),
})
