import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  fastify,
  LogController,
} from 'fastify'
import type { DeliveryError, ErrorCode } from '../core/errors.ts'
import { asDeliveryError, RETRY_AFTER_SECONDS } from './as-delivery-error.ts'
import { sendNotFoundPage } from './not-found-page.ts'
import { wantsPage } from './plain-page.ts'
import { refuseRepeated } from './repeated-fields.ts'
import { keepFresh, readTlsFiles, type TlsFiles } from './tls-files.ts'
import { refuseUnrouted, rememberMethods } from './unrouted.ts'

export interface AppOptions {
  log: FastifyBaseLogger
  /** The longest JSON or form body. */
  maxBodyBytes: number
  /** Proxies whose X-Forwarded headers are believed. */
  trustedProxies: readonly string[]
  /** With them the server speaks HTTPS. */
  tls: TlsFiles | null
  /** Sees each request first; true when it has taken it over. */
  intercept(request: IncomingMessage, response: ServerResponse): boolean
}

/** The server on which the APIs are mounted. */
export function createApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.log,
    // A logger for each request costs as much as reading its row; lines name the request themselves.
    childLoggerFactory: (logger) => logger,
    // One line a request, written in `server.ts`, without query strings: signed URLs are secrets.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.maxBodyBytes,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    // RFC 9112 §3.2.2: a server accepts the absolute form; one live client of the downloads API sends it.
    rewriteUrl: originForm,
    // Longer than any request line: an API says itself that it does not know such an id.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, asDeliveryError(error)),
    // The schemas of answers are for the OpenAPI document, and the tests hold every answer to it. To
    // compile them into serializers took 1.3 of the 2.3 s of processor time of a start.
    schemaController: { compilersFactory: { buildSerializer: () => () => JSON.stringify } },
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    serverFactory: (handle) => createIntercepted(options, handle),
  })
  rememberMethods(app)
  // In every API's form the same: who is told to come again is told when.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (reply.statusCode === 503 && !reply.hasHeader('retry-after')) {
      reply.header('retry-after', RETRY_AFTER_SECONDS)
    }
    done()
  })
  app.setNotFoundHandler((request, reply) => {
    const refusal = refuseUnrouted(request, reply)
    const isOpened = request.method === 'GET' && wantsPage(request.headers)
    if (isOpened && refusal.code === 'not_found') return sendNotFoundPage(request, reply)
    return sendProblem(reply, refusal)
  })
  return app
}

/**
 * Answers what belongs to no API, or whose path no API can read (RFC 9457). It does not repeat the
 * address, which may be a signed URL with a slip in it.
 */
function sendProblem(reply: FastifyReply, { code, message }: DeliveryError): FastifyReply {
  const [status, title] = problems[code] ?? [400, 'Bad Request']
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail: message }))
}

const problems: Partial<Record<ErrorCode, [status: number, title: string]>> = {
  not_found: [404, 'Not Found'],
  method_not_allowed: [405, 'Method Not Allowed'],
}

function createIntercepted(
  { intercept, tls }: AppOptions,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const options = {
    // Headers must come within 20 s; bodies may take long (uploads), so there is no bound on the whole request.
    headersTimeout: 20_000,
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    if (refuseRepeated(request, response) || intercept(request, response)) return
    handle(request, response)
  }
  const server =
    tls === null
      ? createServer(options, listener)
      : keepFresh(createTlsServer({ ...options, ...readTlsFiles(tls) }, listener), tls)
  // A connection on which nothing moves is a reader or writer that has vanished. Event streams and
  // long polls say something more often than that.
  server.setTimeout(120_000)
  return server
}

/** RFC 9112 §3.2.2: the host of an absolute target stands above the Host field. */
function originForm(request: IncomingMessage): string {
  const target = request.url ?? '/'
  if (target.startsWith('/')) return target
  const match = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (match === null) return target
  const [, authority = '', rest = ''] = match
  request.headers.host = authority
  return rest.startsWith('/') ? rest : `/${rest}`
}
