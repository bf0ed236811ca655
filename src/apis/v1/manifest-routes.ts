import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { manifestFiles } from '../../core/manifests/manifest-files.ts'
import {
  createManifest,
  grantFromManifest,
  listManifests,
  openManifest,
  revokeManifest,
} from '../../core/manifests/manifests.ts'
import { pieceHashes } from '../../core/manifests/piece-hashes.ts'
import type { ManifestRow } from '../../database/tables.ts'
import { baseUrl, grantUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { type ManifestDocument, manifestDocuments } from './manifest-documents.ts'
import { IssuedManifest, Manifest, NewManifest } from './manifest-schemas.ts'
import { idCursor, limitOf, pageMembers, toPage } from './pages.ts'
import { answers, ById, noBody, query, type V1App, type V1Context } from './routing.ts'
import { oneOf, pageOf, ref } from './schema-words.ts'
import { toNullableTime, toTime } from './wire.ts'

const tags = ['Files and links']

/** Lists of files to hand out: they are good for days, and every address in them is signed anew. */
export function manifestRoutes(app: V1App, context: V1Context): void {
  keeping(app, context)
  revoking(app, context)
  opening(app, context)
}

function keeping(app: V1App, context: V1Context): void {
  const { core } = context
  app.post(
    '/manifests',
    {
      schema: {
        tags,
        operationId: 'createManifest',
        summary: 'A list of files to hand out, for download tools',
        description:
          'Name either `files` or a `delivery`; of a delivery it lists what is there whenever it is asked. It stays good for days, while each address in it redirects to a signed URL made at that moment. Whoever has it may pick up what you may at that moment.',
        body: NewManifest,
        response: answers({ 201: ref(IssuedManifest) }, 404, 409, 410, 413, 415),
      },
    },
    async (request, reply) => {
      const { manifest, token } = await createManifest(core, principalOf(request), request.body)
      const at = addressOf(context, request, token)
      const urls = {
        json: `${at}/manifest.json`,
        metalink: `${at}/manifest.meta4`,
        aria2: `${at}/aria2.txt`,
        wget: `${at}/wget.txt`,
        curl: `${at}/curl.txt`,
      }
      return reply.code(201).send({ ...toManifest(manifest), urls })
    },
  )

  app.get(
    '/manifests',
    {
      schema: {
        tags,
        operationId: 'listManifests',
        summary: 'Your manifests that have not expired, newest first',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(Manifest) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = idCursor(request.query)
      const wish = { limit, ...(before === null ? {} : { before }) }
      const rows = await listManifests(core, principalOf(request), wish)
      const place = (row: ManifestRow) => row.id
      return toPage({ request, reply }, rows, { limit, place, toItem: toManifest })
    },
  )
}

function revoking(app: V1App, { core }: V1Context): void {
  app.delete(
    '/manifests/:id',
    {
      schema: {
        tags,
        operationId: 'revokeManifest',
        summary: 'Revoke a manifest at once, and the signed URLs that it has led to',
        params: ById,
        response: answers({ 204: noBody('Its addresses lead nowhere any more.') }, 404, 415),
      },
    },
    async (request, reply) => {
      await revokeManifest(core, principalOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}

const Token = Type.String({ maxLength: 100, description: 'The secret of the manifest.' })

function opening(app: V1App, context: V1Context): void {
  const { core } = context
  app.get(
    '/manifests/:token/:document',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'getManifest',
        summary: 'The list itself, in one of its forms; no sign-in is needed',
        params: Type.Object({
          token: Token,
          document: oneOf(Object.keys(manifestDocuments) as ManifestDocument[]),
        }),
        response: answers(
          { 200: { description: 'The list.', content: { '*/*': { schema: {} } } } },
          404,
          410,
        ),
      },
    },
    async (request, reply) => {
      const { token, document } = request.params
      const opened = await openManifest(core, token)
      const { manifest } = opened
      const { type, write } = manifestDocuments[document]
      const at = addressOf(context, request, token)
      const text = write({
        name: manifest.name,
        createdAt: new Date(manifest.created_at),
        expiresAt: new Date(manifest.expires_at),
        files: () => manifestFiles(core, opened),
        urlOf: ({ number, name }) => `${at}/files/${number}/${encodeLast(name)}`,
        piecesOf: ({ stored }, taking) => pieceHashes(core, stored, taking),
      })
      return reply
        .type(type)
        .header('referrer-policy', 'no-referrer')
        .header('x-content-type-options', 'nosniff')
        .send(Readable.from(await begun(text)))
    },
  )

  app.get(
    '/manifests/:token/files/:number/:name',
    {
      config: { isOpen: true },
      schema: {
        tags,
        operationId: 'getManifestFile',
        summary: 'A file of a manifest, by a redirect to a URL that is signed just now',
        params: Type.Object({
          token: Token,
          number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
          name: Type.String({
            maxLength: 1000,
            description: 'For tools that save under the last segment; it is not looked at.',
          }),
        }),
        response: answers({ 302: noBody('To the bytes, in `Location`.') }, 404, 409, 410),
      },
    },
    async (request, reply) => {
      const { token, number } = request.params
      const opened = await openManifest(core, token)
      const grant = await grantFromManifest(core, opened, number)
      return reply
        .header('referrer-policy', 'no-referrer')
        .redirect(grantUrl(context, request, grant), 302)
    },
  )
}

/** The first part is made before the answer begins, so that it can still be a refusal. */
async function begun(text: AsyncGenerator<string>): Promise<AsyncGenerator<string>> {
  const parts = [await text.next(), await text.next()]
  return (async function* () {
    for (const { value, done } of parts) if (!done) yield value
    yield* text
  })()
}

function addressOf(context: V1Context, request: FastifyRequest, token: string): string {
  return `${baseUrl(context, request)}/v1/manifests/${token}`
}

function encodeLast(name: string): string {
  return encodeURIComponent(name.slice(name.lastIndexOf('/') + 1))
}

function toManifest(row: ManifestRow): Static<typeof Manifest> {
  return {
    id: row.id,
    name: row.name,
    deliveryId: row.delivery_id,
    files: row.files === null ? null : (JSON.parse(row.files) as number[]).length,
    createdAt: toTime(row.created_at),
    expiresAt: toTime(row.expires_at),
    revokedAt: toNullableTime(row.revoked_at),
  }
}
