import { findBytes } from '../../core/delivery-files.ts'
import { grantFile } from '../../core/grants/grants.ts'
import { readFile } from '../../core/read-deliveries.ts'
import { grantUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { FileEntry } from './delivery-schemas.ts'
import { IssuedLink, NewLink } from './link-schemas.ts'
import { toIssuedLink } from './link-wire.ts'
import { answers, ByNumber, noBody, type V1App, type V1Context } from './routing.ts'
import { ref } from './schema-words.ts'
import { toFileEntry } from './wire.ts'

const tags = ['Files and links']

/** The files of deliveries, and links to them. */
export function fileRoutes(app: V1App, context: V1Context): void {
  const { core } = context
  app.get(
    '/files/:number',
    {
      schema: {
        tags,
        operationId: 'getFile',
        summary: 'One file, with its digests',
        params: ByNumber,
        response: answers({ 200: ref(FileEntry) }, 404),
      },
    },
    async (request) => {
      const { number } = request.params
      const { delivery, file } = await readFile(core, principalOf(request), number)
      return toFileEntry(delivery, file, await findBytes(core, number))
    },
  )

  app.get(
    '/files/:number/content',
    {
      schema: {
        tags,
        operationId: 'getFileContent',
        summary: 'The bytes, by a redirect to a signed URL',
        description:
          'The signed URL takes ranges and conditions, and needs no sign-in: do not send your credentials along.',
        params: ByNumber,
        response: answers({ 302: noBody('To the bytes, in `Location`.') }, 404, 409, 410),
      },
    },
    async (request, reply) => {
      const { number } = request.params
      const grant = await grantFile(core, principalOf(request), { fileNumber: number })
      return reply
        .header('referrer-policy', 'no-referrer')
        .redirect(grantUrl(context, request, grant), 302)
    },
  )

  app.post(
    '/files/:number/links',
    {
      schema: {
        tags,
        operationId: 'createLink',
        summary: 'A signed URL to hand out',
        params: ByNumber,
        body: NewLink,
        response: answers({ 201: ref(IssuedLink) }, 404, 409, 410, 413, 415),
      },
    },
    async (request, reply) => {
      const grant = await grantFile(core, principalOf(request), {
        fileNumber: request.params.number,
        isKept: true,
        ...request.body,
      })
      return reply.code(201).send(toIssuedLink(context, request, grant))
    },
  )
}
