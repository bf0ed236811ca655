import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { atMost } from '../../core/at-most.ts'
import {
  type FoundImport,
  findOwnImport,
  importTooLarge,
  submitImport,
} from '../../core/imports/imports.ts'
import { principalOf } from '../../http/authenticate.ts'
import { BytesHeaders, bodyOf, bytesBody, expectedOf } from './body-bytes.ts'
import { Import } from './import-schemas.ts'
import { toRosterName } from './roster-name.ts'
import { answers, ById, query, untilLeft, type V1App, type V1Context } from './routing.ts'
import { ref } from './schema-words.ts'
import { toDelivery } from './wire.ts'

const tags = ['Imports']

/** Roster files to import; a plugin of its own, because it takes every media type. */
export function importRoutes(context: V1Context, maxBytes: number): FastifyPluginAsync {
  const { core } = context
  return async (plain) => {
    const app: V1App = plain.withTypeProvider<TypeBoxTypeProvider>()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    app.post(
      '/imports',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags,
          operationId: 'submitImport',
          summary: 'Import a roster file: the body is the CSV',
          headers: BytesHeaders,
          querystring: query({ name: Type.String({ minLength: 1, maxLength: 200 }) }),
          body: bytesBody,
          response: answers({ 202: ref(Import) }, 409, 413, 507),
        },
      },
      async (request, reply) => {
        const principal = principalOf(request)
        const { id } = await submitImport(core, principal, {
          fileName: toRosterName(request.query.name),
          source: atMost(bodyOf(request), maxBytes, importTooLarge),
          expected: expectedOf(request),
          signal: untilLeft(context, reply),
        })
        const found = await findOwnImport(core, principal, id)
        return reply.code(202).header('location', `/v1/imports/${id}`).send(toImport(found))
      },
    )

    app.get(
      '/imports/:id',
      {
        schema: {
          tags,
          operationId: 'getImport',
          summary: 'One import, with how its rows came out',
          params: ById,
          response: answers({ 200: ref(Import) }, 404),
        },
      },
      async (request) =>
        toImport(await findOwnImport(core, principalOf(request), request.params.id)),
    )
  }
}

function toImport({ delivery, facts }: FoundImport): Static<typeof Import> {
  return {
    ...toDelivery(delivery),
    fileName: facts.file_name,
    template: facts.template,
    rows: {
      created: facts.rows_created,
      updated: facts.rows_updated,
      unchanged: facts.rows_unchanged,
      failed: facts.rows_failed,
    },
  }
}
