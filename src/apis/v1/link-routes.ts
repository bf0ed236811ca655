import { Type } from 'typebox'
import { listGrants, readGrant } from '../../core/grants/find-grants.ts'
import { countUses, listUses } from '../../core/grants/grant-uses.ts'
import { grantFiles, revokeGrant } from '../../core/grants/grants.ts'
import { selectFiles } from '../../core/selected-files.ts'
import { principalOf } from '../../http/authenticate.ts'
import { IssuedLink, Link, LinkDetail, NewLinks } from './link-schemas.ts'
import { toIssuedLink, toLink, toLinkDetail } from './link-wire.ts'
import { idCursor, limitOf, pageMembers, toPage } from './pages.ts'
import { answers, ById, noBody, query, type V1App, type V1Context } from './routing.ts'
import { listOf, pageOf, ref } from './schema-words.ts'

const tags = ['Files and links']

/** Signed URLs that were handed out. */
export function linkRoutes(app: V1App, context: V1Context): void {
  making(app, context)
  listing(app, context)
  revoking(app, context)
}

function making(app: V1App, context: V1Context): void {
  app.post(
    '/links',
    {
      schema: {
        tags,
        operationId: 'createLinks',
        summary: 'Signed URLs for many files, or for a whole delivery, in one call',
        description:
          'Name either `files` or a `delivery`. The permission to each file is asked for; one that fails refuses all. The links come in the order of the files.',
        body: NewLinks,
        response: answers({ 201: listOf(IssuedLink) }, 404, 409, 410, 413, 415),
      },
    },
    async (request, reply) => {
      const { files, delivery, ...options } = request.body
      const principal = principalOf(request)
      const fileNumbers = await selectFiles(context.core, principal, { files, delivery })
      const grants = await grantFiles(context.core, principal, {
        ...options,
        isKept: true,
        fileNumbers,
      })
      const items = grants.map((grant) => toIssuedLink(context, request, grant))
      return reply.code(201).send({ items })
    },
  )
}

function listing(app: V1App, { core }: V1Context): void {
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
      const counted = rows.flatMap((row) => (row.max_uses === null ? [] : [row.id]))
      const counts = await countUses(core.database.kysely, counted, core.database.now())
      const byId = new Map(counts.map((count) => [count.grantId, count]))
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.id,
        toItem: (row) => toLink(row, byId.get(row.id)),
      })
    },
  )

  app.get(
    '/links/:id',
    {
      schema: {
        tags,
        operationId: 'getLink',
        summary: 'One link, with who has used it',
        params: ById,
        response: answers({ 200: ref(LinkDetail) }, 404),
      },
    },
    async (request) => {
      const grant = await readGrant(core, principalOf(request), request.params.id)
      const db = core.database.kysely
      const [count] = await countUses(db, [grant.id], core.database.now())
      return toLinkDetail(grant, count, await listUses(db, grant.id))
    },
  )
}

function revoking(app: V1App, { core }: V1Context): void {
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
