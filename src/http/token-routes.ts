import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { SignIn } from '../auth/sign-in.ts'
import { answerTokenRequest, type TokenErrorCode } from '../auth/token-endpoint.ts'
import { DeliveryError } from '../core/errors.ts'
import { asDeliveryError } from './as-delivery-error.ts'
import { tokenDocumented } from './token-documented.ts'
import { refuseUnrouted } from './unrouted.ts'

type Fields = [name: string, value: string][]

/** A token request has at most five short fields. */
const longestBody = 16_384

/**
 * The OAuth token endpoint, at the prefix under which it is registered. It takes the urlencoded form
 * of RFC 6749 and, as curl's `--form` sends it, a multipart form.
 */
export function tokenRoutes({ signIn }: { signIn: SignIn }): FastifyPluginAsync {
  return async (app) => {
    takeForms(app)
    app.setErrorHandler((error, request, reply) => {
      const { code } = asDeliveryError(error)
      reply.headers({ 'Cache-Control': 'no-store', Pragma: 'no-cache' })
      if (code === 'internal' || code === 'unavailable') {
        request.log.error({ err: error }, 'Token request failed')
        return reply
          .code(code === 'internal' ? 500 : 503)
          .send(refusal('temporarily_unavailable', 'The token cannot be issued now; try again.'))
      }
      // RFC 6749 §5.2 has 400 for each request that cannot be read.
      return reply
        .code(400)
        .send(refusal('invalid_request', 'The body is not a form that can be read.'))
    })
    app.post('/', { config: { documented: tokenDocumented } }, async (request, reply) => {
      const answer = await answerTokenRequest(signIn, {
        authorization: request.headers.authorization,
        fields: (request.body as Fields | undefined) ?? [],
        address: request.ip,
      })
      return reply.code(answer.status).headers(answer.headers).send(answer.body)
    })
    app.setNotFoundHandler((request, reply) => {
      const { code, message } = refuseUnrouted(request, reply)
      return reply.code(code === 'not_found' ? 404 : 405).send(refusal('invalid_request', message))
    })
  }
}

/** Forms as lists of fields, so that a repeated one is seen. */
function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: longestBody },
    (_request, body, done) => done(null, [...new URLSearchParams(String(body))]),
  )
  app.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer', bodyLimit: longestBody },
    async (request: FastifyRequest, body: Buffer) =>
      await parseMultipart(request.headers['content-type'] ?? '', body),
  )
}

/** By the platform's own parser, as the whole form is small and in memory. */
async function parseMultipart(contentType: string, body: Buffer): Promise<Fields> {
  const response = new Response(new Uint8Array(body), { headers: { 'Content-Type': contentType } })
  const form = await response.formData().catch(() => null)
  if (form === null) throw unreadableForm()
  return [...form].map(([name, value]) => {
    if (typeof value !== 'string') throw unreadableForm()
    return [name, value]
  })
}

function unreadableForm(): DeliveryError {
  return new DeliveryError('malformed', 'The body is not a form that can be read.')
}

function refusal(error: TokenErrorCode, description: string) {
  return { error, error_description: description }
}
