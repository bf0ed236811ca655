import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import {
  type Issuing,
  issueClient,
  issueKeyPair,
  issueToken,
  type Label,
  setPassword,
} from '../../auth/issue.ts'
import { listCredentials, revokeCredential } from '../../core/accounts/credentials.ts'
import type { Core } from '../../core/core.ts'
import { DeliveryError } from '../../core/errors.ts'
import { principalOf } from '../../http/authenticate.ts'
import { Credential, IssuedCredential, NewCredential } from './account-schemas.ts'
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

function credentialsAt(app: V1App, { core }: V1Context, place: Place): void {
  const { path, tag, name, whose, accountOf } = place
  const params = path.includes(':id') ? { params: ById } : {}
  app.get(
    path,
    {
      schema: {
        tags: [tag],
        operationId: `list${name}s`,
        summary: `List ${whose} credentials`,
        ...params,
        response: answers({ 200: listOf(Credential) }, 404),
      },
    },
    async (request) => {
      const rows = await listCredentials(core, principalOf(request), accountOf(request))
      return { items: rows.map(toCredential) }
    },
  )

  app.post(
    path,
    {
      schema: {
        tags: [tag],
        operationId: `issue${name}`,
        summary: `Add to ${whose} credentials; a secret is shown once`,
        ...params,
        body: NewCredential,
        response: answers({ 201: ref(IssuedCredential) }, 404, 409, 413, 415),
      },
    },
    async (request, reply) => {
      const issuing = { actor: principalOf(request), accountId: accountOf(request) }
      return reply.code(201).send(await issue(core, issuing, request.body))
    },
  )

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

type Wish = Static<typeof NewCredential>

async function issue(
  core: Core,
  issuing: Issuing,
  wish: Wish,
): Promise<Static<typeof IssuedCredential>> {
  const { kind } = wish
  refuseForeignMembers(wish)
  const label = labelOf(wish)
  switch (kind) {
    case 'password': {
      const { credentialId } = await setPassword(core, issuing, wish.password ?? '')
      return { id: credentialId, kind }
    }
    case 'key': {
      const { credentialId, ...pair } = await issueKeyPair(core, issuing, label)
      return { id: credentialId, kind, ...pair }
    }
    case 'token': {
      const { credentialId, token } = await issueToken(core, issuing, label)
      return { id: credentialId, kind, token }
    }
    case 'client': {
      const scopes = wish.scopes ?? []
      const { credentialId, ...client } = await issueClient(core, issuing, { ...label, scopes })
      return { id: credentialId, kind, ...client }
    }
  }
}

const membersOf = {
  password: ['kind', 'password'],
  key: ['kind', 'name', 'expiresAt'],
  token: ['kind', 'name', 'expiresAt'],
  client: ['kind', 'name', 'expiresAt', 'scopes'],
} as const satisfies Record<Wish['kind'], readonly (keyof Wish)[]>

/** What a kind does not have is refused, not passed over: a password that is thought to expire would not. */
function refuseForeignMembers(wish: Wish): void {
  const known: readonly string[] = membersOf[wish.kind]
  const foreign = Object.keys(wish).find((member) => !known.includes(member))
  if (foreign === undefined) return
  const problem = `is nothing that a ${wish.kind} has`
  throw new DeliveryError('invalid', `The body is not valid: "/${foreign}" ${problem}.`, {
    details: { errors: [{ path: `/${foreign}`, problem }] },
  })
}

function labelOf({ name, expiresAt }: Wish): Label {
  if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt))) {
    throw new DeliveryError('invalid', 'expiresAt is a time like 2026-12-31T23:59:59Z.', {
      details: { errors: [{ path: '/expiresAt', problem: 'is not a time' }] },
    })
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
  }
}
