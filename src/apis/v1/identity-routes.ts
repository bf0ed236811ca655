import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { IdentityProvider, IdentityRefusal } from '../../auth/identity-provider.ts'
import { DeliveryError } from '../../core/errors.ts'
import { baseUrl } from '../../http/api-context.ts'
import { answers, noBody, type V1App, type V1Context } from './routing.ts'
import { closed, nullable } from './schema-words.ts'
import { cookieNamed, isSecure, setSessionCookie } from './session-cookie.ts'

const tags = ['Sign-in']
const cookie = 'claimcheck-way'
const path = '/v1/session/provider'

const SignInWays = Type.Object(
  {
    provider: nullable('string', {
      description: 'What the identity provider is called; null when there is none.',
    }),
  },
  { ...closed, description: 'By what a person can sign in, beside user name and password.' },
)

/** Sign-in of people by an identity provider; the browser is sent there and comes back with a session. */
export function identityRoutes(
  app: V1App,
  context: V1Context,
  provider: IdentityProvider | null,
): void {
  app.get(
    '/session/ways',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'listSignInWays',
        summary: 'By what people can sign in here',
        security: [],
        response: answers({ 200: SignInWays }),
      },
    },
    async () => ({ provider: provider?.name ?? null }),
  )
  if (provider !== null) leaving(app, context, provider)
  if (provider !== null) comingBack(app, context, provider)
}

function leaving(app: V1App, context: V1Context, provider: IdentityProvider): void {
  app.get(
    '/session/provider',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'beginProviderSignIn',
        summary: 'Send the browser to the identity provider',
        security: [],
        response: answers({ 302: noBody('To the provider, or back to the sign-in page.') }),
      },
    },
    async (request, reply) => {
      try {
        const { url, ticket } = await provider.begin({ redirectUrl: callbackUrl(context, request) })
        setTicket(context, { request, reply }, { ticket, seconds: provider.waySeconds })
        return reply.redirect(url, 302)
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        request.log.warn({ err: error }, 'The identity provider does not answer')
        return refuse(reply, 'unavailable')
      }
    },
  )
}

function comingBack(app: V1App, context: V1Context, provider: IdentityProvider): void {
  app.get(
    '/session/provider/callback',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'endProviderSignIn',
        summary: 'Where the identity provider sends the browser back to',
        security: [],
        response: answers({ 302: noBody('To the portal, signed in or told why not.') }),
      },
    },
    async (request, reply) => {
      const ticket = cookieNamed(request, cookie)
      setTicket(context, { request, reply }, { ticket: '', seconds: 0 })
      if (ticket === null) return refuse(reply, 'late')
      const search = /\?.*$/s.exec(request.url)?.[0] ?? ''
      const result = await provider.finish({ url: callbackUrl(context, request) + search, ticket })
      if ('refused' in result) {
        request.log.warn({ err: result.error, refused: result.refused }, 'Sign-in by provider')
        return refuse(reply, result.refused)
      }
      const token = await context.sessions.begin(result.credential)
      setSessionCookie(context, { request, reply, token })
      return reply.redirect('/', 302)
    },
  )
}

interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

function callbackUrl(context: V1Context, request: FastifyRequest): string {
  return `${baseUrl(context, request)}${path}/callback`
}

/** `Lax`, because the browser comes back from another site. */
function setTicket(
  context: V1Context,
  { request, reply }: Exchange,
  { ticket, seconds }: { ticket: string; seconds: number },
): void {
  const secure = isSecure(context, request) ? '; Secure' : ''
  const limits = `Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`
  reply.header('set-cookie', `${cookie}=${ticket}; ${limits}`)
}

/** The portal tells why. */
function refuse(reply: FastifyReply, why: IdentityRefusal): FastifyReply {
  return reply.redirect(`/?sign-in=${why}`, 302)
}
