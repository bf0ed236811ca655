import type { FastifyReply, FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import type { ApiContext } from '../../http/api-context.ts'
import type { Base, Dialect } from './wire.ts'

/** What the routes of this API work with. */
export interface PortOrdersContext extends ApiContext {
  readonly dialect: Dialect
  /** Where links begin. */
  base(request: FastifyRequest): Base
}

/** Parameters of an order's routes. */
export interface ById {
  Params: { id: string; file: string }
}

/** Sends a document under the media type of the dialect; none is to be kept by caches. */
export function sendDocument(reply: FastifyReply, body: unknown, dialect: Dialect): FastifyReply {
  return (
    reply
      .header('Cache-Control', 'no-store')
      .type(dialect.strict ? 'application/vnd.api+json' : 'application/json')
      // As bytes: of a text the framework would say a charset, which JSON:API 1.1 forbids for its media type.
      .send(Buffer.from(JSON.stringify(body)))
  )
}

/**
 * The number in a path.
 * @throws DeliveryError `not_found` for what no number can be
 */
export function numberOf(text: string, what = 'port order'): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new DeliveryError('not_found', `No such ${what}`)
}
