import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DeliveryError } from '../core/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that the routes at a path take; empty where no route is. */
    methodsAt(path: string): string[]
  }
}

interface KnownRoute {
  pattern: RegExp
  method: string
}

/** Remembers the routes that are added after it, of all APIs, for those who come by another method. */
export function rememberMethods(app: FastifyInstance): void {
  const routes: KnownRoute[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = patternOf(url)
    for (const one of [method].flat()) routes.push({ pattern, method: one })
  })
  app.decorate('methodsAt', (path: string) => {
    const found = routes.filter(({ pattern }) => pattern.test(path))
    return [...new Set(found.map(({ method }) => method))].sort()
  })
}

/**
 * What an API answers when no route takes the request: `method_not_allowed`, with `Allow` set, where
 * others do (RFC 9110 §15.5.6), `not_found` elsewhere.
 */
export function refuseUnrouted(request: FastifyRequest, reply: FastifyReply): DeliveryError {
  const methods = request.server.methodsAt(request.url.split('?', 1)[0] ?? '')
  if (methods.length === 0) {
    return new DeliveryError('not_found', 'There is nothing at this address.')
  }
  reply.header('allow', methods.join(', '))
  return new DeliveryError('method_not_allowed', `Here only ${methods.join(', ')} can be done.`)
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : RegExp.escape(part)
  })
  return new RegExp(`^${parts.join('/')}$`)
}
