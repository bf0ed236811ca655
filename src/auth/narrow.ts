import { hasPermission, type Principal } from '../core/principal.ts'

/**
 * A principal that stands for some scopes only. A scope that is also the name of a permission
 * carries it when the account holds it; no other permission is left, so that a token for one thing
 * is worth nothing for another.
 */
export function narrow(principal: Principal, scopes: readonly string[]): Principal {
  const held = scopes.filter((scope) => hasPermission(principal, scope))
  return { ...principal, permissions: new Set(held), scopes: new Set(scopes) }
}
