import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import { publishDelivery } from '../../core/studies/publish-delivery.ts'
import type { PublishedFile as Published } from '../../core/studies/publish-group.ts'
import { listStudyDeliveries } from '../../core/studies/study-deliveries.ts'
import { encodeSegment, type StudyPath } from '../../core/studies/study-path.ts'
import { withdrawFile } from '../../core/studies/withdraw-files.ts'
import { baseUrl } from '../../http/api-context.ts'
import { principalOf } from '../../http/authenticate.ts'
import { BytesHeaders, bodyOf, bytesBody, expectedOf } from './body-bytes.ts'
import { limitOf, numberCursor, pageMembers, toPage } from './pages.ts'
import { answers, noBody, query, untilLeft, type V1App, type V1Context } from './routing.ts'
import { pageOf, ref } from './schema-words.ts'
import { PublishedFile, StudyDelivery } from './study-schemas.ts'

const tags = ['Studies']

const code = (description: string) => Type.String({ maxLength: 500, description })

const ByPath = Type.Object({
  organization: code('The code of your organization.'),
  study: code('Made when it is not there.'),
  delivery: code('Made when it is not there.'),
})

const ByFile = Type.Object({ ...ByPath.properties, name: Type.String({ maxLength: 500 }) })

const Naming = query({
  name: Type.Optional(
    Type.String({
      maxLength: 500,
      description: 'What customers see, where it is to differ from the last segment of the path.',
    }),
  ),
  studyName: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  deliveryName: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
})

/** Publishing by path; a plugin of its own, because it takes every media type. */
export function studyRoutes(context: V1Context): FastifyPluginAsync {
  return async (plain) => {
    const app: V1App = plain.withTypeProvider<TypeBoxTypeProvider>()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    listing(app, context)
    putting(app, context)
    withdrawing(app, context)
  }
}

function listing(app: V1App, context: V1Context): void {
  app.get(
    '/studies',
    {
      schema: {
        tags,
        operationId: 'listStudyDeliveries',
        summary: 'The deliveries of the studies that you may see, newest first',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(StudyDelivery) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = numberCursor(request.query)
      const rows = await listStudyDeliveries(context.core, principalOf(request), { before, limit })
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.number,
        toItem: ({ id, number: _number, changedAt, ...same }): Static<typeof StudyDelivery> => ({
          ...same,
          deliveryId: id,
          changedAt: new Date(changedAt).toISOString(),
          url: urlOf(context, request, [same.organization, same.study, same.delivery, '']),
        }),
      })
    },
  )
}

function putting(app: V1App, context: V1Context): void {
  app.put(
    '/studies/:organization/:study/:delivery/files/:name',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        tags,
        operationId: 'publishFile',
        summary: 'Publish a file',
        description:
          'The body is the file, of any size and media type, streamed. Customers see it when it is all there. A file at the same path is replaced, at once and as a whole. Needs the permission `publish`, or `publish:ORG/STUDY`.',
        params: ByFile,
        headers: BytesHeaders,
        querystring: Naming,
        body: bytesBody,
        response: answers({ 200: ref(PublishedFile), 201: ref(PublishedFile) }, 404, 409, 507),
      },
    },
    async (request, reply) => {
      const { organization, study, delivery, name: segment } = request.params
      const { name = segment, studyName, deliveryName } = request.query
      const path = { organization, study, delivery }
      const named = { path, segment, name, studyName, deliveryName }
      const signal = untilLeft(context, reply)
      try {
        const body = await putFile(context, request, { named, signal })
        return reply.code(body.outcome === 'added' ? 201 : 200).send(body)
      } catch (cause) {
        if (!signal.aborted) throw cause
        throw new DeliveryError('malformed', 'The bytes were broken off.', { cause })
      }
    },
  )
}

interface Named {
  path: StudyPath
  segment: string
  name: string
  studyName: string | undefined
  deliveryName: string | undefined
}

async function putFile(
  context: V1Context,
  request: FastifyRequest,
  { named, signal }: { named: Named; signal: AbortSignal },
): Promise<Static<typeof PublishedFile>> {
  const { path, segment, name, studyName, deliveryName } = named
  let published: Published | undefined
  const { delivery } = await publishDelivery(context.core, principalOf(request), {
    ...path,
    studyName,
    deliveryName,
    signal,
    files: [
      {
        name,
        segment,
        mediaType: mediaTypeOf(request),
        bytes: bodyOf(request),
        expected: expectedOf(request),
      },
    ],
    onPublished: ([file]) => {
      published = file
    },
  })
  if (published === undefined) throw new Error('The file was neither published nor refused.')
  const { organization, study, delivery: code } = JSON.parse(delivery.info ?? '{}') as StudyPath
  return {
    number: published.fileNumber,
    deliveryId: delivery.id,
    name: published.name,
    segment: published.segment,
    outcome: published.outcome,
    url: urlOf(context, request, [organization, study, code, published.segment]),
  }
}

/** What clients say by themselves of any file says nothing: then the name tells. */
function mediaTypeOf({ headers }: FastifyRequest): string | undefined {
  const type = headers['content-type']
  const isSaid =
    type !== undefined && !/^application\/(?:octet-stream|x-www-form-urlencoded)\b/i.test(type)
  return isSaid ? type : undefined
}

function withdrawing(app: V1App, { core }: V1Context): void {
  app.delete(
    '/studies/:organization/:study/:delivery/files/:name',
    {
      schema: {
        tags,
        operationId: 'withdrawFile',
        summary: 'Withdraw a file: it is listed no more, and links to it open nothing',
        params: ByFile,
        response: answers({ 204: noBody('It is withdrawn.') }, 404, 415),
      },
    },
    async (request, reply) => {
      const { name: segment, ...path } = request.params
      await withdrawFile(core, principalOf(request), { ...path, segment })
      return reply.code(204).send(null)
    },
  )
}

/** Where the studies API stands beside this one. */
function urlOf(context: V1Context, request: FastifyRequest, path: readonly string[]): string {
  return `${baseUrl(context, request)}/api_file/v1/${path.map(encodeSegment).join('/')}`
}
