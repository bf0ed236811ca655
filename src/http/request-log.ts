import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Logger } from '../log.ts'
import type { Metrics } from './metrics.ts'

/** One line a request. Query strings are left out: signed URLs and tokens in URLs are secrets. */
export function logRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10
    const path = pathOf(request.url)
    const { statusCode: status } = reply
    metrics.request(apiOf(path), status, milliseconds)
    request.log.info(
      { id: request.id, method: request.method, path, status, ms: milliseconds, ip: request.ip },
      'request',
    )
    done()
  })
}

/** The same for a request that goes past the framework: a signed URL. */
export function logSigned(
  request: IncomingMessage,
  response: ServerResponse,
  { log, metrics }: { log: Logger; metrics: Metrics },
): void {
  const started = performance.now()
  const before = request.socket.bytesWritten
  response.once('close', () => {
    const milliseconds = Math.round((performance.now() - started) * 10) / 10
    const { statusCode: status, writableFinished: whole } = response
    metrics.request('files', status, milliseconds)
    metrics.bytesSent(request.socket.bytesWritten - before)
    if (!log.isLevelEnabled('info')) return
    const path = pathOf(request.url ?? '')
    log.info({ method: request.method, path, status, ms: milliseconds, whole }, 'request')
  })
}

function pathOf(target: string): string {
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  return path.replace(manifestSecret, '$1…')
}

/** Addresses of manifests have their secret in the path, because download tools save under its last segment. */
const manifestSecret = /^(\/v1\/manifests\/)[^/]+(?=\/)/

/** Labels of metrics must be few: never a whole path. */
function apiOf(path: string): string {
  return apis.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'other'
}

const apis = [
  ['/api/downloads', 'downloads'],
  ['/v1', 'v1'],
  ['/api/v1/rs-', 'orders'],
  ['/api_file/', 'studies'],
  ['/v2/portorders', 'port-orders'],
  ['/api/v1/', 'imports'],
] as const
