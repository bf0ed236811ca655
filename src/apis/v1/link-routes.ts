import { Type } from 'typebox'
import { listGrants, revokeGrant } from '../../core/grants.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Link } from './delivery-schemas.ts'
import { idCursor, limitOf, pageMembers, toPage } from './pages.ts'
import { answers, ById, noBody, query, type V1App, type V1Context } from './routing.ts'
import { pageOf } from './schema-words.ts'
import { toLink } from './wire.ts'

const tags = ['Files and links']

/** Signed URLs that were handed out. */
export function linkRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/links',
    {
      schema: {
        tags,
        operationId: 'listLinks',
        summary: 'Your links that have not expired, newest first',
        querystring: query({
          ...pageMembers,
          all: Type.Optional(
            Type.Boolean({ description: 'Of the whole organization; for administrators.' }),
          ),
        }),
        response: answers({ 200: pageOf(Link) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const before = idCursor(request.query)
      const rows = await listGrants(core, principalOf(request), {
        all: request.query.all ?? false,
        ...(before === null ? {} : { before }),
        limit,
      })
      return toPage({ request, reply }, rows, { limit, place: (row) => row.id, toItem: toLink })
    },
  )

  app.delete(
    '/links/:id',
    {
      schema: {
        tags,
        operationId: 'revokeLink',
        summary: 'Revoke a link at once',
        params: ById,
        response: answers({ 204: noBody('It opens nothing any more.') }, 404, 415),
      },
    },
    async (request, reply) => {
      await revokeGrant(core, principalOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}
