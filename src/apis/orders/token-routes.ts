import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { isSecret } from '../../auth/secret.ts'
import type { SignIn } from '../../auth/sign-in.ts'
import { passwordGrant, TokenError } from '../../auth/token-endpoint.ts'
import { type Credential, findCredential } from '../../core/accounts/credentials.ts'
import { findOrganization } from '../../core/accounts/organizations.ts'
import { DeliveryError } from '../../core/errors.ts'
import { hasPermission, type Principal } from '../../core/principal.ts'
import { asDeliveryError } from '../../http/as-delivery-error.ts'
import { refuseUnrouted } from '../../http/unrouted.ts'
import { toError } from './errors.ts'
import type { OrdersContext } from './routing.ts'

type Parameters = Readonly<Record<string, unknown>>

/** A refusal with the live system's status of an account. */
class SignInRefusal extends Error {
  readonly status: number
  readonly error: string
  readonly accountStatus: string | null

  constructor(status: number, error: string, message: string, accountStatus?: string) {
    super(message)
    this.status = status
    this.error = error
    this.accountStatus = accountStatus ?? null
  }
}

/**
 * The token endpoint of REGARDS: a password grant, its parameters as JSON, as a form or in the query
 * (a body wins over the query).
 */
export function oauthRoutes(context: OrdersContext): FastifyPluginAsync {
  return async (app) => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 16_384 },
      async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
    )
    app.setErrorHandler((error, request, reply) => sendRefusal(error, { request, reply }))
    app.setNotFoundHandler((request, reply) => {
      const { status, body } = toError(refuseUnrouted(request, reply))
      return reply.code(status).send(body)
    })
    app.post('/oauth/token', async (request, reply) => {
      await demandClient(context, request)
      const parameters = { ...(request.query as Parameters), ...bodyOf(request) }
      const answer = await grant(context, { parameters, address: request.ip })
      return reply
        .headers({ 'Cache-Control': 'no-store', Pragma: 'no-cache' })
        .type('application/json;charset=UTF-8')
        .send(answer)
    })
  }
}

function bodyOf({ body }: FastifyRequest): Parameters {
  return typeof body === 'object' && body !== null ? (body as Parameters) : {}
}

async function grant(
  { core, signIn }: OrdersContext,
  { parameters, address }: { parameters: Parameters; address: string },
): Promise<object> {
  const { grant_type: grantType, username, password, scope } = parameters
  if (grantType !== 'password') {
    throw new SignInRefusal(400, 'unsupported_grant_type', 'Only the grant "password" is taken.')
  }
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw new SignInRefusal(400, 'invalid_request', 'The user name or the password is missing.')
  }
  const { token, credential } = await passwordGrant(signIn, { username, password, address })
  const { principal } = credential
  const organization = await findOrganization(core, principal.organizationId)
  const tenant = organization?.code ?? ''
  if (typeof scope === 'string' && scope !== '' && scope.toLowerCase() !== tenant.toLowerCase()) {
    throw new SignInRefusal(
      400,
      'invalid_scope',
      `The account is not one of the tenant "${scope.slice(0, 100)}".`,
      'USER_UNKNOWN',
    )
  }
  return {
    access_token: token.access_token,
    email: principal.username,
    expires_in: token.expires_in,
    role: roleOf(principal),
    scope: tenant,
    sub: principal.username,
    tenant,
    token_type: 'bearer',
  }
}

function roleOf(principal: Principal): string {
  if (hasPermission(principal, 'operator')) return 'INSTANCE_ADMIN'
  return hasPermission(principal, 'admin') ? 'PROJECT_ADMIN' : 'REGISTERED_USER'
}

/**
 * The live system asks for the pair `client:secret` that its documentation gives to everybody; an
 * OAuth client of an account is taken as well. As it proves nothing, the documented profile does
 * without; a wrong one is refused in both.
 */
async function demandClient(context: OrdersContext, request: FastifyRequest): Promise<void> {
  const { authorization } = request.headers
  if (authorization === undefined) {
    if (context.profile === 'documented') return
    throw new ClientRefusal('Authentication required')
  }
  const [, encoded] = /^basic(?:\s+(.*))?$/i.exec(authorization.trim()) ?? [null, null]
  if (encoded === null) throw new ClientRefusal('Basic Authorization required')
  if (encoded === undefined || encoded === '') {
    throw new ClientRefusal('Empty Basic Authorization token')
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new ClientRefusal('Failed to decode basic authentication token')
  }
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  if (pair === 'client:secret' || (await isClient(context.signIn, pair))) return
  throw new ClientRefusal('Invalid Basic Authorization token')
}

async function isClient({ core }: SignIn, pair: string): Promise<boolean> {
  const colon = pair.indexOf(':')
  if (colon < 0) return false
  const client: Credential | null = await findCredential(core, 'client', pair.slice(0, colon))
  const isRight = isSecret(pair.slice(colon + 1), client?.secretHash ?? null)
  return isRight && client?.status === 'usable'
}

/** The live system says this as plain text. */
class ClientRefusal extends Error {}

function sendRefusal(
  error: unknown,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  reply.headers({ 'Cache-Control': 'no-store', Pragma: 'no-cache' })
  if (error instanceof ClientRefusal) {
    return reply
      .code(401)
      .header('WWW-Authenticate', 'Basic realm="Claimcheck", charset="UTF-8"')
      .type('text/plain; charset=utf-8')
      .send(error.message)
  }
  const refusal = asRefusal(error)
  if (refusal.status === 500) request.log.error({ err: error }, 'Token request failed')
  const { retryAfter } = error instanceof DeliveryError ? error.details : {}
  if (typeof retryAfter === 'number') reply.header('Retry-After', retryAfter)
  const { status, accountStatus, message } = refusal
  return reply.code(status).send({
    // RFC 6749 §5.2; then as the live system writes its exceptions.
    error: refusal.error,
    error_description: message,
    detailMessage: message,
    additionalInformation: { error: accountStatus ?? refusal.error },
  })
}

function asRefusal(error: unknown): SignInRefusal {
  if (error instanceof SignInRefusal) return error
  if (error instanceof TokenError) {
    // Which of the two is wrong is not told.
    return new SignInRefusal(400, error.code, error.message, 'ACCOUNT_UNKNOWN')
  }
  const { code, message } = asDeliveryError(error)
  if (code === 'locked_out') {
    return new SignInRefusal(429, 'temporarily_unavailable', message, 'ACCOUNT_LOCKED')
  }
  if (code === 'unavailable') return new SignInRefusal(503, 'temporarily_unavailable', message)
  if (code === 'internal') return new SignInRefusal(500, 'server_error', message)
  return new SignInRefusal(code === 'too_large' ? 413 : 400, 'invalid_request', message)
}
