import type { Connection } from '../../database/database.ts'
import type { AccountRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { newId } from '../ids.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { type Actor, actorId, demandAdministrator } from './actor.ts'
import { readOrganization } from './organizations.ts'
import { foldUsername, parsePermissions, parseUsername } from './username.ts'

export interface NewAccount {
  organizationId: string
  /** 1 to 200 characters without a colon; kept in lower case, so that `Ada` and `ada` are one. */
  username: string
  /** For people; the user name when left out. */
  name?: string
  permissions: readonly string[]
}

/**
 * Makes an account, without any credential yet.
 * @throws DeliveryError `invalid` for a user name or permission that cannot be one, `conflict` for a
 *   user name that is taken anywhere on the installation, `not_found` for the organization,
 *   `forbidden` or `not_yours` when the actor does not administer it
 */
export async function createAccount(
  core: Core,
  actor: Actor,
  account: NewAccount,
): Promise<AccountRow> {
  const username = parseUsername(account.username)
  const permissions = parsePermissions(account.permissions)
  demandAdministrator(actor, account.organizationId, permissions)
  return await transact(core, async (change) => {
    if ((await readOrganization(change.db, account.organizationId)) === null) {
      throw new DeliveryError('not_found', 'There is no such organization.')
    }
    const row = await change.db
      .insertInto('accounts')
      .values({
        id: newId(change.now),
        organization_id: account.organizationId,
        username,
        name: account.name?.trim() || username,
        permissions: JSON.stringify(permissions),
        suspended_at: null,
        created_at: change.now,
      })
      .onConflict((conflict) => conflict.column('username').doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) {
      throw new DeliveryError('conflict', `The user name "${username}" is taken.`, {
        details: { field: 'username' },
      })
    }
    await tell(change, row, 'account.created', actor)
    return row
  })
}

/** An account by its id; null when there is none. */
export async function findAccount(core: Core, id: string): Promise<AccountRow | null> {
  return await readAccount(core.database.kysely, id)
}

/** The same inside a change. */
export async function readAccount(db: Connection, id: string): Promise<AccountRow | null> {
  const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
  return row ?? null
}

/** Upper and lower case are the same. */
export async function findAccountByUsername(
  core: Core,
  username: string,
): Promise<AccountRow | null> {
  const row = await core.database.kysely
    .selectFrom('accounts')
    .selectAll()
    .where('username', '=', foldUsername(username))
    .executeTakeFirst()
  return row ?? null
}

export interface AccountsPage {
  organizationId: string
  /** The id of the last one of the page before; null for the first page. */
  after: string | null
  /** At most 1,000. */
  limit: number
}

/**
 * The accounts of an organization, oldest first.
 * @throws DeliveryError `forbidden` or `not_yours` when the actor does not administer it
 */
export async function listAccounts(
  core: Core,
  actor: Actor,
  page: AccountsPage,
): Promise<AccountRow[]> {
  demandAdministrator(actor, page.organizationId)
  return await core.database.kysely
    .selectFrom('accounts')
    .selectAll()
    .where('organization_id', '=', page.organizationId)
    .where('id', '>', page.after ?? '')
    .orderBy('id')
    .limit(Math.min(page.limit, 1000))
    .execute()
}

/** What an account holds. */
export function accountPermissions(row: Pick<AccountRow, 'permissions'>): Set<string> {
  return new Set(JSON.parse(row.permissions) as string[])
}

/**
 * Gives an account exactly these permissions; they count from its next request on.
 * @throws DeliveryError `not_found`, `invalid`, `forbidden`, `not_yours`
 */
export async function setPermissions(
  core: Core,
  actor: Actor,
  { accountId, permissions }: { accountId: string; permissions: readonly string[] },
): Promise<AccountRow> {
  const parsed = parsePermissions(permissions)
  return await changeAccount(core, actor, {
    accountId,
    action: 'account.permissions-changed',
    asked: parsed,
    values: () => ({ permissions: JSON.stringify(parsed) }),
  })
}

/**
 * Shuts an account out: none of its credentials and tokens works from now on, whatever it holds.
 * @throws DeliveryError `not_found`, `forbidden`, `not_yours`
 */
export async function suspendAccount(
  core: Core,
  actor: Actor,
  accountId: string,
): Promise<AccountRow> {
  return await changeAccount(core, actor, {
    accountId,
    action: 'account.suspended',
    asked: [],
    values: (row, now) => ({ suspended_at: row.suspended_at ?? now }),
  })
}

/**
 * Lets a suspended account in again, with the credentials it had.
 * @throws DeliveryError `not_found`, `forbidden`, `not_yours`
 */
export async function reinstateAccount(
  core: Core,
  actor: Actor,
  accountId: string,
): Promise<AccountRow> {
  return await changeAccount(core, actor, {
    accountId,
    action: 'account.reinstated',
    asked: [],
    values: () => ({ suspended_at: null }),
  })
}

interface AccountChange {
  accountId: string
  action: string
  /** Permissions that the change gives. */
  asked: readonly string[]
  values(row: AccountRow, now: number): Partial<Pick<AccountRow, 'permissions' | 'suspended_at'>>
}

async function changeAccount(
  core: Core,
  actor: Actor,
  { accountId, action, asked, values }: AccountChange,
): Promise<AccountRow> {
  return await transact(core, async (change) => {
    const row = await readAccount(change.db, accountId)
    if (row === null) throw new DeliveryError('not_found', 'There is no such account.')
    demandAdministrator(actor, row.organization_id, [...accountPermissions(row), ...asked])
    const changed = await change.db
      .updateTable('accounts')
      .set(values(row, change.now))
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow()
    await tell(change, changed, action, actor)
    return changed
  })
}

async function tell(change: Change, row: AccountRow, action: string, actor: Actor): Promise<void> {
  change.signal('access')
  change.signal('grant')
  await recordEvents(change, [
    {
      organizationId: row.organization_id,
      ownerId: null,
      actorId: actorId(actor),
      action,
      data: {
        account_id: row.id,
        username: row.username,
        permissions: JSON.parse(row.permissions),
      },
    },
  ])
}

/** An account as a principal with all of its rights; null while it is suspended or when there is none. */
export async function findPrincipal(core: Core, accountId: string): Promise<Principal | null> {
  const account = await findAccount(core, accountId)
  if (account === null || account.suspended_at !== null) return null
  return principalOf(account)
}

/** An account with all of its rights, whoever speaks for it. */
export function principalOf(
  row: Pick<AccountRow, 'id' | 'organization_id' | 'username' | 'permissions'>,
): Principal {
  return {
    accountId: row.id,
    organizationId: row.organization_id,
    username: row.username,
    permissions: accountPermissions(row),
    scopes: null,
    credentialId: null,
  }
}

/**
 * Lets changes that count what an account has go one after the other, on all nodes, so that two of
 * them never both take the last free place. It writes, because a change that waits for one that only
 * locked goes on with what it saw before.
 */
export async function holdAccount(change: Change, id: string): Promise<void> {
  await change.db
    .updateTable('accounts')
    .set(({ ref }) => ({ name: ref('name') }))
    .where('id', '=', id)
    .execute()
}
