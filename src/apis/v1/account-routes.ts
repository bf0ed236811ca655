import {
  createAccount,
  listAccounts,
  reinstateAccount,
  setPermissions,
  suspendAccount,
} from '../../core/accounts/accounts.ts'
import { readAccountAsAdministrator } from '../../core/accounts/administration.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Account, AccountChange, NewAccount } from './account-schemas.ts'
import { idCursor, limitOf, pageMembers, toPage } from './pages.ts'
import { answers, ById, query, type V1App, type V1Context } from './routing.ts'
import { pageOf, ref } from './schema-words.ts'
import { toAccount } from './wire.ts'

const tags = ['Administration']

/** The accounts of the caller's organization, for its administrators. */
export function accountRoutes(app: V1App, { core }: V1Context): void {
  app.get(
    '/accounts',
    {
      schema: {
        tags,
        operationId: 'listAccounts',
        summary: 'The accounts of your organization',
        querystring: query(pageMembers),
        response: answers({ 200: pageOf(Account) }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const limit = limitOf(request.query)
      const rows = await listAccounts(core, principal, {
        organizationId: principal.organizationId,
        after: idCursor(request.query),
        limit,
      })
      return toPage({ request, reply }, rows, { limit, place: (row) => row.id, toItem: toAccount })
    },
  )

  app.post(
    '/accounts',
    {
      schema: {
        tags,
        operationId: 'createAccount',
        summary: 'Make an account in your organization',
        body: NewAccount,
        response: answers({ 201: ref(Account) }, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const row = await createAccount(core, principal, {
        organizationId: principal.organizationId,
        permissions: [],
        ...request.body,
      })
      return reply.code(201).header('location', `/v1/accounts/${row.id}`).send(toAccount(row))
    },
  )

  single(app, { core })
}

function single(app: V1App, { core }: Pick<V1Context, 'core'>): void {
  app.get(
    '/accounts/:id',
    {
      schema: {
        tags,
        operationId: 'getAccount',
        summary: 'One account of your organization',
        params: ById,
        response: answers({ 200: ref(Account) }, 404),
      },
    },
    async (request) =>
      toAccount(await readAccountAsAdministrator(core, principalOf(request), request.params.id)),
  )

  app.patch(
    '/accounts/:id',
    {
      schema: {
        tags,
        operationId: 'changeAccount',
        summary: 'Give an account its permissions; shut it out or let it in',
        params: ById,
        body: AccountChange,
        response: answers({ 200: ref(Account) }, 404, 413, 415),
      },
    },
    async (request) => {
      const principal = principalOf(request)
      const accountId = request.params.id
      const { permissions, suspended } = request.body
      await readAccountAsAdministrator(core, principal, accountId)
      if (permissions !== undefined) {
        await setPermissions(core, principal, { accountId, permissions })
      }
      if (suspended === true) await suspendAccount(core, principal, accountId)
      if (suspended === false) await reinstateAccount(core, principal, accountId)
      return toAccount(await readAccountAsAdministrator(core, principal, accountId))
    },
  )
}
