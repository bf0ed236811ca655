import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { listCredentials, revokeCredential } from '../../core/accounts/credentials.ts'
import { DeliveryError } from '../../core/errors.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Credential, IssuedCredential, NewCredential } from './account-schemas.ts'
import { issueCredential } from './issue-credential.ts'
import { answers, ById, noBody, type V1App, type V1Context } from './routing.ts'
import { listOf, ref } from './schema-words.ts'
import { toCredential } from './wire.ts'

/** One's own credentials, and those of the organization's accounts for its administrators. */
export function credentialRoutes(app: V1App, context: V1Context): void {
  credentialsAt(app, context, {
    path: '/me/credentials',
    tag: 'Me',
    name: 'OwnCredential',
    whose: 'your',
    accountOf: (request) => principalOf(request).accountId,
  })
  credentialsAt(app, context, {
    path: '/accounts/:id/credentials',
    tag: 'Administration',
    name: 'Credential',
    whose: "an account's",
    accountOf: (request) => (request.params as { id?: string }).id ?? '',
  })
}

interface Place {
  path: string
  tag: string
  name: string
  whose: string
  accountOf(request: FastifyRequest): string
}

function credentialsAt(app: V1App, context: V1Context, place: Place): void {
  listing(app, context, place)
  issuing(app, context, place)
  revoking(app, context, place)
}

/** Of the account, where the path names it. */
function accountParams({ path }: Place) {
  return path.includes(':id') ? { params: ById } : {}
}

function listing(app: V1App, { core }: V1Context, place: Place): void {
  const { path, tag, name, whose, accountOf } = place
  app.get(
    path,
    {
      schema: {
        tags: [tag],
        operationId: `list${name}s`,
        summary: `List ${whose} credentials`,
        ...accountParams(place),
        response: answers({ 200: listOf(Credential) }, 404),
      },
    },
    async (request) => {
      const rows = await listCredentials(core, principalOf(request), accountOf(request))
      return { items: rows.map(toCredential) }
    },
  )
}

function issuing(app: V1App, { core }: V1Context, place: Place): void {
  const { path, tag, name, whose, accountOf } = place
  app.post(
    path,
    {
      schema: {
        tags: [tag],
        operationId: `issue${name}`,
        summary: `Add to ${whose} credentials; a secret is shown once`,
        ...accountParams(place),
        body: NewCredential,
        response: answers({ 201: ref(IssuedCredential) }, 404, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const target = { actor: principalOf(request), accountId: accountOf(request) }
      return reply.code(201).send(await issueCredential(core, target, request.body))
    },
  )
}

function revoking(app: V1App, { core }: V1Context, place: Place): void {
  const { path, tag, name, whose, accountOf } = place
  app.delete(
    `${path}/:credential`,
    {
      schema: {
        tags: [tag],
        operationId: `revoke${name}`,
        summary: `End one of ${whose} credentials`,
        params: Type.Object({
          ...(path.includes(':id') ? ById.properties : {}),
          credential: Type.String({ maxLength: 100 }),
        }),
        response: answers({ 204: noBody('It proves nothing any more.') }, 404, 415),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const { credential } = request.params
      const listed = await listCredentials(core, principal, accountOf(request))
      if (!listed.some((row) => row.id === credential)) {
        throw new DeliveryError('not_found', 'There is no such credential.')
      }
      await revokeCredential(core, principal, credential)
      return reply.code(204).send(null)
    },
  )
}
