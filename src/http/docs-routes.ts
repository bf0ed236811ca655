import type { FastifyPluginAsync } from 'fastify'
import { type OpenApiDocument, renderDocs } from './docs-page.ts'
import { docsStyle } from './docs-style.ts'

/** Of a page that shows nothing from elsewhere and runs no script at all. */
export const scriptlessPage = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

/** `/openapi.json` and, made from it, the page `/docs`. To be mounted after `gatherOpenApi`. */
export function docsRoutes(): FastifyPluginAsync {
  return async (app) => {
    let json = ''
    let html = ''
    app.addHook('onReady', async () => {
      const document = app.swagger()
      json = JSON.stringify(document)
      // The document as everybody reads it, without what only JavaScript sees.
      html = renderDocs(JSON.parse(json) as OpenApiDocument)
    })
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers(scriptlessPage)
    })
    app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/json').header('access-control-allow-origin', '*').send(json),
    )
    app.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(html),
    )
    app.get('/docs/style.css', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/css; charset=utf-8').send(docsStyle),
    )
  }
}
