import { type Issuing, issueClient, issueKeyPair, issueToken, setPassword } from '../auth/issue.ts'
import { createAccount, findAccountByUsername } from '../core/accounts/accounts.ts'
import { createOrganization, findOrganizationByCode } from '../core/accounts/organizations.ts'
import type { Core } from '../core/core.ts'
import { DeliveryError } from '../core/errors.ts'

/** The demo's credentials. Everybody knows them: that is why the demo listens on loopback only. */
export const demoAccounts = {
  user: { username: 'demo', password: 'demo-password' },
  key: { accessKey: 'DEMOKEY1', secretKey: 'demo-secret-key-000000000000000a' },
  token: 'demo-token-for-everything',
  client: { clientId: 'demo-client', clientSecret: 'demo-client-secret' },
  admin: { username: 'admin', password: 'demo-admin-password', token: 'demo-admin-token' },
  stranger: { token: 'demo-stranger-token' },
} as const

/** What the demo account may do: everything that the examples show. */
const demoPermissions = [
  'download:*',
  'work:by-hand',
  'order',
  'port-orders',
  'rostering',
  'study:DEMO',
]

/** Makes the demo's organizations, accounts and credentials where they are not there yet. */
export async function seedAccounts(core: Core): Promise<void> {
  const demo = await findOrCreate(core, 'demo', {
    organization: { code: 'DEMO', name: 'Demo organization' },
    permissions: demoPermissions,
  })
  await setPassword(core, demo, demoAccounts.user.password)
  await unlessThere(issueKeyPair(core, demo, { given: demoAccounts.key }))
  await unlessThere(issueToken(core, demo, { given: demoAccounts.token }))
  await unlessThere(issueClient(core, demo, { given: demoAccounts.client, scopes: ['rostering'] }))
  const admin = await findOrCreate(core, 'admin', {
    organization: { code: 'DEMO', name: 'Demo organization' },
    permissions: ['admin', 'operator'],
  })
  await setPassword(core, admin, demoAccounts.admin.password)
  await unlessThere(issueToken(core, admin, { given: demoAccounts.admin.token }))
  const stranger = await findOrCreate(core, 'stranger', {
    organization: { code: 'ELSEWHERE', name: 'Another organization' },
    permissions: ['download:departements'],
  })
  await unlessThere(issueToken(core, stranger, { given: demoAccounts.stranger.token }))
}

interface DemoAccount {
  organization: { code: string; name: string }
  permissions: readonly string[]
}

async function findOrCreate(core: Core, username: string, wanted: DemoAccount): Promise<Issuing> {
  const known = await findAccountByUsername(core, username)
  if (known !== null) return { actor: 'system', accountId: known.id }
  const organization =
    (await findOrganizationByCode(core, wanted.organization.code)) ??
    (await createOrganization(core, 'system', wanted.organization))
  const { id } = await createAccount(core, 'system', {
    organizationId: organization.id,
    username,
    permissions: wanted.permissions,
  })
  return { actor: 'system', accountId: id }
}

/** The demo may be started again on the data of an earlier one, also of one that was killed half-way. */
async function unlessThere(issued: Promise<unknown>): Promise<void> {
  try {
    await issued
  } catch (error) {
    if (!(error instanceof DeliveryError && error.code === 'conflict')) throw error
  }
}
