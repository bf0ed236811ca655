import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { portalPaths } from './portal-paths.ts'

/** Nothing from elsewhere, nothing inline. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

/** Where the build puts it, beside `src/` and `dist/` alike. */
const builtFolder = fileURLToPath(new URL('../../dist-portal/', import.meta.url))

/**
 * The web portal: its page at `/` and at each of the portal's own paths, its files below `/assets/`
 * for a year, because their names change with what is in them. Everything is read once, at the start.
 */
export function portalRoutes(folder = builtFolder): FastifyPluginAsync {
  return async (app) => {
    const files = await readBuilt(folder)
    const page = files?.get('index.html') ?? (await pack(mediaTypes['.html'], notBuiltText))
    const status = files === null ? 503 : 200
    const sendPage = (request: FastifyRequest, reply: FastifyReply) =>
      send(request, reply.code(status).header('cache-control', 'no-cache'), page)
    for (const path of ['/', ...portalPaths.flatMap((name) => [`/${name}`, `/${name}/*`])]) {
      app.get(path, { schema: { hide: true } }, sendPage)
    }
    for (const [name, file] of files ?? []) addFile(app, name, file)
  }
}

function addFile(app: FastifyInstance, name: string, file: PortalFile): void {
  if (name === 'index.html') return
  const lasting = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  app.get(`/${name}`, { schema: { hide: true } }, (request, reply) =>
    send(request, reply.header('cache-control', lasting), file),
  )
}

interface PortalFile {
  mediaType: string
  plain: Buffer
  br: Buffer
  gzip: Buffer
}

function send(request: FastifyRequest, reply: FastifyReply, file: PortalFile): FastifyReply {
  reply.headers(headers).header('vary', 'accept-encoding').type(file.mediaType)
  const taken = String(request.headers['accept-encoding'] ?? '')
  if (/\bbr\b/.test(taken)) return reply.header('content-encoding', 'br').send(file.br)
  if (/\bgzip\b/.test(taken)) return reply.header('content-encoding', 'gzip').send(file.gzip)
  return reply.send(file.plain)
}

/** The built files by their paths; null when it was never built. */
async function readBuilt(folder: string): Promise<Map<string, PortalFile> | null> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, PortalFile>()
  for (const entry of names.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(folder.length).replaceAll('\\', '/').replace(/^\//, '')
    files.set(name, await pack(mediaTypes[extname(name)], await readFile(path)))
  }
  return files.has('index.html') ? files : null
}

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

async function pack(
  mediaType = 'application/octet-stream',
  plain: Buffer = Buffer.alloc(0),
): Promise<PortalFile> {
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(plain), promisify(gzip)(plain)])
  return { mediaType, plain, br, gzip: zipped }
}

const notBuiltText = Buffer.from(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Claimcheck</title>
<h1>The portal is not built</h1>
<p>This server runs from a clone whose portal was not built. Run <code>npm ci</code>, or
<code>npm run prepare</code>, and start it again. The APIs work: see <a href="/docs">/docs</a>.</p>
</html>
`)
