import { createOrganization, listOrganizations } from '../../core/accounts/organizations.ts'
import { principalOf } from '../../http/authenticate.ts'
import { NewOrganization, Organization } from './account-schemas.ts'
import { idCursor, limitOf, pageMembers, toPage } from './pages.ts'
import { answers, query, type V1App, type V1Context } from './routing.ts'
import { pageOf, ref } from './schema-words.ts'
import { toOrganization } from './wire.ts'

const tags = ['Administration']

/** The organizations of the installation, for its operators. */
export function organizationRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/organizations',
    {
      schema: {
        tags,
        operationId: 'listOrganizations',
        summary: 'The organizations; for operators',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(Organization) }),
      },
    },
    async (request, reply) => {
      const limit = limitOf(request.query)
      const after = idCursor(request.query)
      const rows = await listOrganizations(core, principalOf(request), { after, limit })
      return toPage({ request, reply }, rows, {
        limit,
        place: (row) => row.id,
        toItem: toOrganization,
      })
    },
  )

  app.post(
    '/organizations',
    {
      schema: {
        tags,
        operationId: 'createOrganization',
        summary: 'Make an organization; for operators',
        body: NewOrganization,
        response: answers({ 201: ref(Organization) }, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const row = await createOrganization(core, principalOf(request), request.body)
      return reply.code(201).send(toOrganization(row))
    },
  )
}
