import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  announceUpload,
  grantDocument,
  requestPull,
} from '../../core/port-orders/port-order-files.ts'
import { grantUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { type ById, numberOf, type PortOrdersContext, sendDocument } from './exchange.ts'
import { nameOfUrl, textOf, webUrl } from './requests.ts'
import { toFile, toFileUrl } from './wire.ts'

/** Documents: put in in two steps or pulled from a URL, got in two steps. */
export function fileRoutes(app: FastifyInstance, context: PortOrdersContext): void {
  const { core, dialect, base } = context
  // The document prints 401 for an expired URL; S3 answers 403.
  const expiredStatus = dialect.profile === 'documented' ? 401 : 403

  app.post<ById>('/:id/upload_file', async (request, reply) => {
    const { document, grant } = await announceUpload(core, principalOf(request), {
      number: numberOf(request.params.id),
      name: textOf(request.body, 'filename'),
      expiredStatus,
    })
    const url = grantUrl(context, request, grant)
    const signed = { url, expiresAt: grant.expires_at, base: base(request) }
    return sendDocument(secretOf(reply), { data: toFileUrl(document, signed) }, dialect)
  })

  app.post<ById>('/:id/files', async (request, reply) => {
    const url = webUrl(textOf(request.body, 'url'), 'url')
    const document = await requestPull(core, principalOf(request), {
      number: numberOf(request.params.id),
      url,
      name: nameOfUrl(url),
    })
    return sendDocument(reply, { data: toFile(document, base(request)) }, dialect)
  })

  async function sendFileUrl(
    request: FastifyRequest<ById>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { document, grant } = await grantDocument(core, principalOf(request), {
      number: numberOf(request.params.id),
      file: numberOf(request.params.file, 'file'),
      expiredStatus,
    })
    // Without bytes there is nothing to point to: the address tells the document's status instead.
    if (grant === null)
      return sendDocument(reply, { data: toFile(document, base(request)) }, dialect)
    const url = grantUrl(context, request, grant)
    const signed = { url, expiresAt: grant.expires_at, base: base(request) }
    return sendDocument(secretOf(reply), { data: toFileUrl(document, signed) }, dialect)
  }

  app.get<ById>('/:id/files/:file', sendFileUrl)
  // "curl https://…/portorders/:portorder_id/file/:file_id": the document prints both.
  app.get<ById>('/:id/file/:file', sendFileUrl)
}

/** What holds a signed URL is passed on to nobody. */
function secretOf(reply: FastifyReply): FastifyReply {
  return reply.header('Referrer-Policy', 'no-referrer')
}
