import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type ArchiveWish, openArchive } from '../../core/archives/open-archive.ts'
import { safeName } from '../../core/archives/safe-name.ts'
import { grantArchive } from '../../core/grants/grants.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Archive, ArchiveFormat, NewArchive, NewArchiveLink } from './archive-schemas.ts'
import { toIssuedLink } from './link-wire.ts'
import { answers, ById, noBody, query, type V1App, type V1Context } from './routing.ts'
import { ref } from './schema-words.ts'
import { toTime } from './wire.ts'

const tags = ['Archives']

/** Many files as one: opened as they are now, and then the same bytes for everybody who has the link. */
export function archiveRoutes(app: V1App, context: V1Context): void {
  app.get(
    '/deliveries/:id/archive',
    {
      schema: {
        tags,
        operationId: 'getDeliveryArchive',
        summary: 'All files of a delivery in one archive, by a redirect to a signed URL',
        description:
          'The archive has an exact length, an entity tag and ranges, so that a download of it resumes. While the list of files is the same, so is the archive. Its SHA-256 is found out for whoever asks by `Want-Repr-Digest`: a short archive is read for it at once; of a longer one `Repr-Digest` is known once it went out whole to somebody who asked.',
        params: ById,
        querystring: query({ format: Type.Optional(ArchiveFormat) }),
        response: answers({ 302: noBody('To the bytes, in `Location`.') }, 404, 409, 410),
      },
    },
    async (request, reply) => {
      const { format = 'zip' } = request.query
      const { link } = await open(context, request, {
        wish: { of: { delivery: request.params.id }, format },
      })
      return reply.header('referrer-policy', 'no-referrer').redirect(link.url, 302)
    },
  )

  app.post(
    '/deliveries/:id/archive/links',
    {
      schema: {
        tags,
        operationId: 'createArchiveLink',
        summary: 'A signed URL to an archive of all files of a delivery, to hand out',
        params: ById,
        body: NewArchiveLink,
        response: answers({ 201: ref(Archive) }, 404, 409, 410, 413, 415),
      },
    },
    async (request, reply) => {
      const { format = 'zip', ...link } = request.body
      const wish = { of: { delivery: request.params.id }, format } as const
      return reply.code(201).send(await open(context, request, { wish, link }))
    },
  )

  app.post(
    '/archives',
    {
      schema: {
        tags,
        operationId: 'createArchive',
        summary: 'An archive of files that you choose, and a signed URL to it',
        description:
          'The permission to each of the files is asked for; one that fails refuses all.',
        body: NewArchive,
        response: answers({ 201: ref(Archive) }, 404, 410, 413, 415),
      },
    },
    async (request, reply) => {
      const { files, fileName = 'files', format = 'zip', ...link } = request.body
      const name = `${safeName(fileName, { folders: false })}.${format}`
      const wish = { of: { files }, format, fileName: name }
      return reply.code(201).send(await open(context, request, { wish, link }))
    },
  )
}

async function open(
  context: V1Context,
  request: FastifyRequest,
  { wish, link }: { wish: ArchiveWish; link?: Omit<Static<typeof NewArchiveLink>, 'format'> },
): Promise<Static<typeof Archive>> {
  const principal = principalOf(request)
  const archive = await openArchive(context.core, principal, wish)
  const grant = await grantArchive(context.core, principal, {
    archive: archive.row,
    isKept: link !== undefined,
    ...link,
  })
  return {
    id: archive.id,
    format: archive.format,
    fileName: archive.fileName,
    size: archive.content.size,
    files: archive.files,
    omitted: archive.omitted,
    etag: archive.content.etag,
    createdAt: toTime(archive.createdAt),
    expiresAt: toTime(archive.expiresAt),
    link: toIssuedLink(context, request, grant),
  }
}
