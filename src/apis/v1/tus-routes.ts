import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import { importTooLarge } from '../../core/imports/imports.ts'
import { abandonUpload, settleUpload } from '../../core/uploads/complete-upload.ts'
import { checksumAlgorithms, receivePart } from '../../core/uploads/receive-part.ts'
import type { UploadTarget } from '../../core/uploads/upload-target.ts'
import { createUpload, readUpload } from '../../core/uploads/uploads.ts'
import { baseUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { receivedDigests } from '../../http/received-digests.ts'
import { bodyOf, bytesBody } from './body-bytes.ts'
import { toProblem } from './errors.ts'
import { toRosterName } from './roster-name.ts'
import { answers, ById, noBody, type V1App, type V1Context } from './routing.ts'
import { ref } from './schema-words.ts'
import {
  byteCount,
  parseChecksum,
  parseMetadata,
  tusExtensions,
  tusVersion,
} from './tus-headers.ts'
import { Upload } from './upload-schemas.ts'
import { toUpload } from './upload-wire.ts'

const tags = ['Uploads']
const BYTES = 'application/offset+octet-stream'

/** Uploads that resume, by tus 1.0; a plugin of its own, because it takes every media type. */
export function tusRoutes(context: V1Context, importMaxBytes: number): FastifyPluginAsync {
  return async (plain) => {
    const app: V1App = plain.withTypeProvider<TypeBoxTypeProvider>()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.addHook('onSend', async (_request, reply) => {
      reply.header('tus-resumable', tusVersion)
    })
    app.addHook('preHandler', async ({ method, headers }, reply) => {
      if (method === 'OPTIONS' || method === 'GET') return
      if (headers['tus-resumable'] === tusVersion) return
      reply.header('tus-version', tusVersion)
      throw new DeliveryError(
        'precondition_failed',
        `Send the header Tus-Resumable: ${tusVersion}.`,
      )
    })
    telling(app, context)
    creating(app, context, importMaxBytes)
    receiving(app, context)
    ending(app, context)
  }
}

function telling(app: V1App, context: V1Context): void {
  const { core } = context
  app.options(
    '/uploads',
    { config: { isOpen: true }, schema: { hide: true } },
    async (_request, reply) =>
      reply
        .code(204)
        .header('tus-version', tusVersion)
        .header('tus-extension', tusExtensions)
        .header('tus-max-size', core.settings.accountUploadBytes)
        .header('tus-checksum-algorithm', checksumAlgorithms.join(','))
        .send(),
  )

  app.head(
    '/uploads/:id',
    {
      // The document has no room for HEAD; it is told with GET.
      schema: { hide: true, params: ById },
    },
    async (request, reply) => {
      const { id } = request.params
      const principal = principalOf(request)
      await settleUpload(core, principal, { id, signal: context.stopping })
      const row = await readUpload(core, principal, id)
      reply.header('upload-offset', row.received).header('cache-control', 'no-store')
      if (row.size !== null) reply.header('upload-length', row.size)
      if (row.metadata !== '') reply.header('upload-metadata', row.metadata)
      return reply.header('upload-expires', httpDate(row.expires_at)).code(200).send()
    },
  )

  app.get(
    '/uploads/:id',
    {
      schema: {
        tags,
        operationId: 'getUpload',
        summary: 'An upload, and what came of it',
        description:
          'HEAD answers as tus has it, with `Upload-Offset`; whoever still writes to the upload, on a connection that is dead, is asked to end first.',
        params: ById,
        response: answers({ 200: ref(Upload) }, 404, 410),
      },
    },
    async (request) => toUpload(await readUpload(core, principalOf(request), request.params.id)),
  )
}

function creating(app: V1App, context: V1Context, importMaxBytes: number): void {
  const { core } = context
  app.post(
    '/uploads',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        tags,
        operationId: 'createUpload',
        summary: 'Begin an upload that resumes (tus)',
        description: `The protocol is tus 1.0 with the extensions ${tusExtensions.replaceAll(',', ', ')}. \`Upload-Length\` says how long the file is. \`Upload-Metadata\` says its \`filename\`, and where it goes: \`study\` with \`ORG/STUDY/DELIVERY\` publishes it there, \`import\` imports a roster; it may also say \`filetype\`, and in \`repr-digest\` (as the header of RFC 9530) what the whole must be. When it is whole and not that, nothing of it is kept. It is given up when nothing comes for a day.`,
        body: bytesBody,
        response: answers(
          { 201: noBody('The address of the upload is in `Location`.') },
          404,
          412,
          413,
          507,
        ),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const size = byteCount(request.headers, 'upload-length')
      const field = request.headers['upload-metadata']
      const metadata = parseMetadata(field === undefined ? undefined : String(field))
      const target = targetOf(metadata)
      if (target.kind === 'import' && size > importMaxBytes) {
        throw importTooLarge(importMaxBytes)
      }
      const said = metadata.get('repr-digest') ?? request.headers['repr-digest']
      const digests = receivedDigests(said === undefined ? {} : { 'repr-digest': said })
      const { id } = await createUpload(core, principal, {
        target,
        expected: { size, digests },
        metadata: String(field ?? ''),
      })
      reply.header('location', `${baseUrl(context, request)}/v1/uploads/${id}`)
      const hasBytes = request.headers['content-type']?.startsWith(BYTES) === true
      if (!hasBytes && size > 0) {
        const row = await readUpload(core, principal, id)
        return reply.code(201).header('upload-expires', httpDate(row.expires_at)).send()
      }
      return await takePart({ context, request, reply }, { id, offset: 0, status: 201 })
    },
  )
}

/** @throws DeliveryError `malformed`; `invalid` as `toRosterName` */
function targetOf(metadata: ReadonlyMap<string, string>): UploadTarget {
  const name = metadata.get('filename') ?? metadata.get('name') ?? ''
  if (name === '') throw lacking('The metadata names no `filename`.')
  if (metadata.has('import')) {
    return { kind: 'import', name: toRosterName(name) }
  }
  const [organization, study, delivery, ...more] = (metadata.get('study') ?? '').split('/')
  if (!organization || !study || !delivery || more.length > 0) {
    throw lacking('The metadata says where the file goes: `study` ORG/STUDY/DELIVERY, or `import`.')
  }
  const mediaType = metadata.get('filetype')
  const path = { organization, study, delivery }
  return { kind: 'study', ...path, name, ...(mediaType ? { mediaType } : {}) }
}

function lacking(sentence: string): DeliveryError {
  return new DeliveryError('malformed', sentence)
}

function receiving(app: V1App, context: V1Context): void {
  app.patch(
    '/uploads/:id',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        tags,
        operationId: 'continueUpload',
        summary: 'The next bytes of an upload (tus)',
        description: `With \`Content-Type: ${BYTES}\` and \`Upload-Offset\`; \`Upload-Checksum\` (${checksumAlgorithms.join(', ')}) makes them count only as a whole, and answers 460 when it does not hold. When the connection breaks, what came counts. The last bytes put the file where it goes: \`Claimcheck-Delivery\` and \`Claimcheck-File\` name it.`,
        params: ById,
        body: bytesBody,
        response: answers(
          { 204: noBody('They are safe; it goes on at `Upload-Offset`.') },
          404,
          409,
          410,
          412,
          413,
          415,
          507,
        ),
      },
    },
    async (request, reply) => nextPart({ context, request, reply }, request.params.id),
  )

  // For clients whose way to us lets no other method pass; the protocol has it so.
  app.post(
    '/uploads/:id',
    { bodyLimit: Number.MAX_SAFE_INTEGER, schema: { hide: true, params: ById } },
    async (request, reply) => {
      const { id } = request.params
      const method = request.headers['x-http-method-override']
      if (method === 'PATCH') return await nextPart({ context, request, reply }, id)
      if (method !== 'DELETE') throw lacking('Send PATCH, or X-HTTP-Method-Override: PATCH.')
      await abandonUpload(context.core, principalOf(request), id)
      return reply.code(204).send(null)
    },
  )
}

async function nextPart(exchange: Exchange, id: string): Promise<FastifyReply> {
  const { headers } = exchange.request
  if (headers['content-type']?.startsWith(BYTES) !== true) {
    throw new DeliveryError('unsupported_media_type', `Send the bytes as ${BYTES}.`)
  }
  const offset = byteCount(headers, 'upload-offset')
  return await takePart(exchange, { id, offset, status: 204 })
}

interface Exchange {
  context: V1Context
  request: FastifyRequest
  reply: FastifyReply
}

async function takePart(
  { context, request, reply }: Exchange,
  { id, offset, status }: { id: string; offset: number; status: 201 | 204 },
): Promise<FastifyReply> {
  const { core, stopping } = context
  try {
    const field = request.headers['upload-checksum']
    const { received, expiresAt, result } = await receivePart(core, principalOf(request), {
      id,
      offset,
      source: bodyOf(request),
      checksum: parseChecksum(field === undefined ? undefined : String(field)),
      signal: stopping,
    })
    reply.header('upload-offset', received).header('upload-expires', httpDate(expiresAt))
    if (result !== null) reply.header('claimcheck-delivery', result.deliveryId)
    if (result?.fileNumber != null) reply.header('claimcheck-file', result.fileNumber)
    return reply.code(status).send()
  } catch (error) {
    if (!(error instanceof DeliveryError && error.details.checksum === true)) throw error
    const problem = { ...toProblem(error), title: 'Checksum mismatch', status: 460 }
    return reply.code(460).type('application/problem+json').send(JSON.stringify(problem))
  }
}

function ending(app: V1App, { core }: V1Context): void {
  app.delete(
    '/uploads/:id',
    {
      schema: {
        tags,
        operationId: 'abandonUpload',
        summary: 'End an upload; nothing of it is kept (tus)',
        params: ById,
        response: answers({ 204: noBody('It is gone.') }, 404, 409, 410, 412),
      },
    },
    async (request, reply) => {
      await abandonUpload(core, principalOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}

function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString()
}
