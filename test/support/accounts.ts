import { accountPermissions, createAccount } from '../../src/core/accounts/accounts.ts'
import {
  createOrganization,
  findOrganizationByCode,
} from '../../src/core/accounts/organizations.ts'
import type { Core } from '../../src/core/core.ts'
import type { Principal } from '../../src/core/principal.ts'
import type { AccountRow } from '../../src/database/tables.ts'

/** Makes an account in the organization of that code, which is made when it is not there. */
export async function seedAccount(
  core: Core,
  username: string,
  { organization = 'acme', permissions = [] as string[] } = {},
): Promise<AccountRow> {
  const { id } =
    (await findOrganizationByCode(core, organization)) ??
    (await createOrganization(core, 'system', { code: organization }))
  return await createAccount(core, 'system', { organizationId: id, username, permissions })
}

/** An account as if it had signed in with all of its rights. */
export function principalOfAccount(row: AccountRow, scopes: string[] | null = null): Principal {
  return {
    accountId: row.id,
    organizationId: row.organization_id,
    username: row.username,
    permissions: accountPermissions(row),
    scopes: scopes === null ? null : new Set(scopes),
    credentialId: null,
  }
}
