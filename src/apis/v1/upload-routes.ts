import { type Static, Type } from 'typebox'
import type { ExpectedBytes } from '../../core/expected-bytes.ts'
import type { StudyPath } from '../../core/studies/study-path.ts'
import { requestPull } from '../../core/uploads/pulled-uploads.ts'
import { grantUploadUrl } from '../../core/uploads/upload-at-once.ts'
import type { UploadTarget } from '../../core/uploads/upload-target.ts'
import { principalOf } from '../../http/authenticate.ts'
import { IssuedLink } from './link-schemas.ts'
import { toIssuedLink } from './link-wire.ts'
import { answers, type V1App, type V1Context } from './routing.ts'
import { ref } from './schema-words.ts'
import { NewPull, NewUploadLink, Upload } from './upload-schemas.ts'
import { toUpload } from './upload-wire.ts'

const tags = ['Uploads']

const code = Type.String({ maxLength: 500 })
const ByPath = Type.Object({ organization: code, study: code, delivery: code })

/** Files that come into studies by others: by whoever has a signed URL, or from another server. */
export function uploadRoutes(app: V1App, context: V1Context): void {
  const { core } = context
  app.post(
    '/studies/:organization/:study/:delivery/upload-links',
    {
      schema: {
        tags,
        operationId: 'createUploadLink',
        summary: 'A signed URL by which somebody else puts a file in, once',
        description:
          'They PUT the bytes to `url`, without a sign-in; it is published as you would publish it at that moment. `Content-MD5`, `Repr-Digest` and `Content-Digest` are checked. How it stands: `GET /v1/uploads/{uploadId}`. Revoke it as any link.',
        params: ByPath,
        body: NewUploadLink,
        response: answers({ 201: ref(IssuedLink) }, 404, 413, 415),
      },
    },
    async (request, reply) => {
      const { lifetimeSeconds, networks } = request.body
      const grant = await grantUploadUrl(core, principalOf(request), {
        ...wishOf(request.params, request.body),
        ...(lifetimeSeconds === undefined ? {} : { lifetimeSeconds }),
        ...(networks === undefined ? {} : { networks }),
      })
      return reply.code(201).send(toIssuedLink(context, request, grant))
    },
  )

  app.post(
    '/studies/:organization/:study/:delivery/pulls',
    {
      schema: {
        tags,
        operationId: 'pullFile',
        summary: 'Publish a file that is fetched from a URL',
        description:
          'It is fetched soon, with five attempts; redirects are followed, at most five, each to a public address. How it stands: `GET /v1/uploads/{id}`.',
        params: ByPath,
        body: NewPull,
        response: answers({ 202: ref(Upload) }, 404, 413, 415),
      },
    },
    async (request, reply) => {
      const { url } = request.body
      const wish = { ...wishOf(request.params, request.body), url }
      const upload = await requestPull(core, principalOf(request), wish)
      return reply.code(202).header('location', `/v1/uploads/${upload.id}`).send(toUpload(upload))
    },
  )
}

function wishOf(
  path: StudyPath,
  { name, mediaType, size, sha256 }: Omit<Static<typeof NewPull>, 'url'>,
): { target: UploadTarget; expected: ExpectedBytes } {
  const { organization, study, delivery } = path
  const target = { kind: 'study' as const, organization, study, delivery, name }
  return {
    target: { ...target, ...(mediaType === undefined ? {} : { mediaType }) },
    expected: {
      ...(size === undefined ? {} : { size }),
      ...(sha256 === undefined ? {} : { digests: new Map([['sha-256' as const, sha256]]) }),
    },
  }
}
