import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { RequestLine } from '../log.ts'
import type { Metrics } from './metrics.ts'

/** Where what is told of requests goes. */
export interface RequestLog {
  line(line: RequestLine): void
  metrics: Metrics
}

/** One line a request. Query strings are left out: signed URLs and tokens in URLs are secrets. */
export function logRequests(app: FastifyInstance, { line, metrics }: RequestLog): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { id, method, ip } = request
    const ms = Math.round(reply.elapsedTime * 10) / 10
    const path = pathOf(request.url)
    const { statusCode: status } = reply
    metrics.request(apiOf(path), status, ms)
    line({ id, method, path, status, ms, ip })
    done()
  })
}

/** The same for a request that goes past the framework: a signed URL. */
export function logSigned(
  request: IncomingMessage,
  response: ServerResponse,
  { line, metrics }: RequestLog,
): void {
  const started = performance.now()
  const before = request.socket.bytesWritten
  response.once('close', () => {
    const { method = '', url = '' } = request
    const ms = Math.round((performance.now() - started) * 10) / 10
    const { statusCode: status, writableFinished: whole } = response
    metrics.request('files', status, ms)
    metrics.bytesSent(request.socket.bytesWritten - before)
    line({ method, path: pathOf(url), status, ms, whole })
  })
}

function pathOf(target: string): string {
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  return path.startsWith('/v1/manifests/') ? path.replace(manifestSecret, '$1…') : path
}

/**
 * Addresses of manifests have their secret in the path, because download tools save under its last segment. It is
 * no less one where somebody has cut off what comes behind it; ids are shorter.
 */
const manifestSecret = /^(\/v1\/manifests\/)(?:[^/]+(?=\/)|[^/]{40,})/

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
