/** Who asks: an account, as one of its credentials has proved it. */
export interface Principal {
  readonly accountId: string
  readonly organizationId: string
  readonly username: string
  readonly permissions: ReadonlySet<string>
  /** What the credential was narrowed to; null when it stands for the whole account. */
  readonly scopes: ReadonlySet<string> | null
  /** The credential; null where something is done later in the account's name. */
  readonly credentialId: string | null
}

/**
 * Does the account hold a permission? `admin` holds every permission inside its own organization
 * except `operator` (the installation itself); `download:*` holds each `download:…`, and
 * `study:ACME` holds each `study:ACME/…`.
 */
export function hasPermission(principal: Principal, permission: string): boolean {
  const held = principal.permissions
  if (held.has(permission)) return true
  const colon = permission.indexOf(':')
  if (colon > 0 && held.has(`${permission.slice(0, colon)}:*`)) return true
  const slash = permission.indexOf('/')
  if (slash > 0 && held.has(permission.slice(0, slash))) return true
  return permission !== 'operator' && held.has('admin')
}

/**
 * A principal that stands for some scopes only. A scope that is also the name of a permission
 * carries it when the account holds it; no other permission is left, so that a token for one thing
 * is worth nothing for another.
 */
export function narrow(principal: Principal, scopes: readonly string[]): Principal {
  const held = scopes.filter((scope) => hasPermission(principal, scope))
  return { ...principal, permissions: new Set(held), scopes: new Set(scopes) }
}
