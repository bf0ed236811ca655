import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DeliveryError } from '../../core/errors.ts'
import type { ApiContext } from '../../http/api-context.ts'
import { baseUrl } from '../../http/api-context.ts'
import { takeError } from '../../http/as-delivery-error.ts'
import { type Challenges, wwwAuthenticate } from '../../http/authenticate.ts'
import { refuseNulBytes } from '../../http/nul-bytes.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { toError } from './errors.ts'
import type { Base, OrdersProfile } from './wire.ts'

/** What the routes of this API are given. */
export interface OrdersContext extends ApiContext {
  readonly profile: OrdersProfile
}

/** The token may stand in the URL, as the live system allows. */
export const challenges: Challenges = { methods: ['bearer'], tokenParameter: 'token' }

/** Where links begin. */
export function apiBase(context: ApiContext, request: FastifyRequest): Base {
  return `${baseUrl(context, request)}/api/v1`
}

/** Answers in this API's own form to whatever goes wrong. */
export function takeErrors(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((error, request, reply) => {
    const refusal = takeError(error, request, reply)
    sendError(reply, refusal)
  })
  app.setNotFoundHandler((request, reply) => sendError(reply, refuseUnrouted(request, reply)))
  app.addHook('preValidation', async (request) => {
    refuseNulBytes(request.params)
    refuseNulBytes(request.query)
    refuseNulBytes(request.body)
  })
}

function sendError(reply: FastifyReply, refusal: DeliveryError): void {
  const { status, body } = toError(refusal)
  reply.header('cache-control', 'no-store')
  // RFC 9110 §15.5.2: also where the live system answers 401 to what is no matter of signing in.
  if (status === 401 && !reply.hasHeader('www-authenticate')) {
    reply.header('www-authenticate', wwwAuthenticate(refusal, challenges))
  }
  if (body === null) reply.code(status).send()
  else reply.code(status).send(body)
}

/** Pages of one's own things and links that are secrets: for nobody else's cache. */
export function noStore(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'private, no-store')
}
