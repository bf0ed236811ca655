import type { Static } from 'typebox'
import {
  type Issuing,
  issueClient,
  issueKeyPair,
  issueToken,
  type Label,
  setPassword,
} from '../../auth/issue.ts'
import type { Core } from '../../core/core.ts'
import { DeliveryError } from '../../core/errors.ts'
import type { IssuedCredential, NewCredential } from './account-schemas.ts'

type Wish = Static<typeof NewCredential>

/**
 * Gives an account the kind of credential that is wished for, and answers with its secret.
 * @throws DeliveryError `invalid` for what its kind does not have, and what `auth/issue.ts` says
 */
export async function issueCredential(
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
