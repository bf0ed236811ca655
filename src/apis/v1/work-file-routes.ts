import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { DeliveryError } from '../../core/errors.ts'
import { putWork } from '../../core/outside-work/work-upload.ts'
import { principalOf } from '../../http/authenticate.ts'
import { BytesHeaders, bodyOf, bytesBody, expectedOf } from './body-bytes.ts'
import { answers, query, untilLeft, type V1App, type V1Context } from './routing.ts'
import { ref } from './schema-words.ts'
import { WorkFile } from './work-schemas.ts'

/** The bytes that outside workers put in; a plugin of its own, because it takes every media type. */
export function workFileRoutes(context: V1Context): FastifyPluginAsync {
  const { core } = context
  return async (plain) => {
    const app: V1App = plain.withTypeProvider<TypeBoxTypeProvider>()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    app.put(
      '/work/:number/files/:name',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags: ['Outside workers'],
          operationId: 'putWorkFile',
          summary: 'Put in a file of the job',
          description:
            'The body is the file, of any size and media type, streamed. Customers see it once the job is completed. A file of the same name is replaced.',
          params: Type.Object({
            number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
            name: Type.String({ maxLength: 500 }),
          }),
          headers: BytesHeaders,
          querystring: query({ attempt: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }),
          body: bytesBody,
          response: answers({ 201: ref(WorkFile) }, 404, 409, 507),
        },
      },
      async (request, reply) => {
        const { number, name } = request.params
        const signal = untilLeft(context, reply)
        try {
          const file = await putWork(core, principalOf(request), {
            held: { number, attempt: request.query.attempt },
            name,
            mediaType: request.headers['content-type'] ?? 'application/octet-stream',
            source: bodyOf(request),
            expected: expectedOf(request),
            signal,
          })
          return reply.code(201).send(file)
        } catch (cause) {
          if (!signal.aborted) throw cause
          throw new DeliveryError('malformed', 'The bytes were broken off.', { cause })
        }
      },
    )
  }
}
