import type { AccountRow } from '../database/tables.ts'

/** Who asks: an account, as one of its credentials has proved it. */
export interface Principal {
  readonly accountId: string
  readonly organizationId: string
  readonly username: string
  readonly permissions: ReadonlySet<string>
  /** What the credential was narrowed to; null when it stands for the whole account. */
  readonly scopes: ReadonlySet<string> | null
}

/**
 * Does the account hold a permission? `admin` holds every permission inside its own organization
 * except `operator` (the installation itself); `download:*` holds each `download:…`.
 */
export function hasPermission(principal: Principal, permission: string): boolean {
  const held = principal.permissions
  if (held.has(permission)) return true
  const colon = permission.indexOf(':')
  if (colon > 0 && held.has(`${permission.slice(0, colon)}:*`)) return true
  return permission !== 'operator' && held.has('admin')
}

/** The principal that an account is; null while it is suspended. */
export function principalOf(
  account: AccountRow,
  scopes: ReadonlySet<string> | null = null,
): Principal | null {
  if (account.suspended_at !== null) return null
  return {
    accountId: account.id,
    organizationId: account.organization_id,
    username: account.username,
    // Written by the core itself, as an array of permissions.
    permissions: new Set(JSON.parse(account.permissions) as string[]),
    scopes,
  }
}
