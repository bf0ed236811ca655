import { DeliveryError } from './errors.ts'
import { hasPermission, type Principal } from './principal.ts'

/** What somebody wants to do with a thing. */
export type Action =
  /** Ask for it to be made, or put it in. */
  | 'create'
  /** See its state and take its files, as the one it was made for. */
  | 'pick-up'
  /** See its state; administrators of the organization may, too. */
  | 'read'
  /** Cancel it, retry it, hand out or revoke links to it. */
  | 'manage'
  /** Produce it from outside. */
  | 'work'
  | 'administer'

/** What the rules need to know of a thing. */
export interface Thing {
  readonly organizationId: string
  /** Whose it is; null when it belongs to the organization as a whole. */
  readonly ownerId: string | null
  /** The permission it asks for, beside ownership; null when none. */
  readonly permission: string | null
}

/** `not_yours`: it exists, but belongs to somebody else; an API may hide that it exists. */
export type Verdict = 'yes' | 'forbidden' | 'not_yours'

/**
 * The one place where it is decided who may do what. The core's operations call it, never the
 * routes, so that one more API cannot forget it.
 */
export function may(principal: Principal, action: Action, thing: Thing): Verdict {
  // The wall between tenants comes first: no permission reaches over it.
  if (thing.organizationId !== principal.organizationId) return 'not_yours'
  if (action === 'administer') return hasPermission(principal, 'admin') ? 'yes' : 'forbidden'
  if (!isOwner(principal, thing) && !(action !== 'pick-up' && isAdministrator(principal))) {
    return 'not_yours'
  }
  if (thing.permission !== null) {
    return hasPermission(principal, thing.permission) ? 'yes' : 'forbidden'
  }
  // A token that was narrowed to scopes reaches what a scope of its own names, and nothing else.
  return principal.scopes === null ? 'yes' : 'forbidden'
}

/** @throws DeliveryError `forbidden` or `not_yours`, with the sentence given. */
export function demand(principal: Principal, action: Action, thing: Thing, sentence: string): void {
  const verdict = may(principal, action, thing)
  if (verdict !== 'yes') throw new DeliveryError(verdict, sentence)
}

/** What somebody who may read a thing must go on holding, so that they still may. */
export function permissionsFor(principal: Principal, thing: Thing): string[] {
  const own = thing.permission === null ? [] : [thing.permission]
  return isOwner(principal, thing) ? own : [...own, 'admin']
}

function isOwner(principal: Principal, thing: Thing): boolean {
  return thing.ownerId === null || thing.ownerId === principal.accountId
}

function isAdministrator(principal: Principal): boolean {
  return principal.permissions.has('admin')
}
