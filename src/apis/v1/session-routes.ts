import { Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import { Me } from './account-schemas.ts'
import { answers, noBody, type V1App, type V1Context } from './routing.ts'
import { closed, ref } from './schema-words.ts'
import { demandSameOrigin, sessionToken, setSessionCookie } from './session-cookie.ts'
import { toMe } from './wire.ts'

const tags = ['Sign-in']

const SessionWish = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 1000 }),
    password: Type.String({ minLength: 1, maxLength: 1000 }),
  },
  closed,
)

/** Sessions of browsers: a cookie in place of the Authorization header. */
export function sessionRoutes(app: V1App, context: V1Context): void {
  app.post(
    '/session',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'beginSession',
        summary: 'Sign in by user name and password; for browsers',
        description:
          'The answer sets a cookie that stands for the account until it is idle too long, its time is over, or its password is changed or revoked. Programs sign in by the Authorization header.',
        security: [],
        body: SessionWish,
        response: answers({ 201: ref(Me) }, 413, 415),
      },
    },
    async (request, reply) => {
      // A page of another site must not sign somebody in as somebody else.
      const { origin, 'sec-fetch-site': site } = request.headers
      if (origin !== undefined || site !== undefined) demandSameOrigin(context, request)
      const credential = await context.signIn.passwords.check({
        ...request.body,
        address: request.ip,
      })
      if (credential === null) {
        throw new DeliveryError('unauthenticated', 'The user name or the password is wrong.', {
          details: { reason: 'wrong', scheme: 'session' },
        })
      }
      const token = await context.sessions.begin(credential)
      setSessionCookie(context, { request, reply, token })
      return reply.code(201).send(toMe(credential.principal))
    },
  )

  app.delete(
    '/session',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'endSession',
        summary: 'Sign out',
        security: [],
        response: answers({ 204: noBody('The session has ended.') }, 415),
      },
    },
    async (request, reply) => {
      const token = sessionToken(context, request)
      if (token !== null) {
        demandSameOrigin(context, request)
        await context.sessions.end(token)
        setSessionCookie(context, { request, reply, token: null })
      }
      return reply.code(204).send(null)
    },
  )
}
