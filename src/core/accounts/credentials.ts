import type { Kysely, OnConflictBuilder } from 'kysely'
import type { Connection } from '../../database/database.ts'
import { hotQuery, unseen } from '../../database/hot-query.ts'
import type { CredentialKind, CredentialRow, Tables } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { newId } from '../ids.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { accountPermissions, principalOf, readAccount } from './accounts.ts'
import { type Actor, actorId, demandHolder } from './actor.ts'

/** A credential with the account it stands for, as they are now. */
export interface Credential {
  readonly id: string
  readonly kind: CredentialKind
  /** What the secret is compared with; null for a token, whose hash is what it is looked up by. */
  readonly secretHash: string | null
  /** What a client may ask for; null for the other kinds. */
  readonly scopes: readonly string[] | null
  /** In ms since the epoch; null for never. */
  readonly expiresAt: number | null
  /** Only `usable` proves anything. */
  readonly status: 'usable' | 'expired' | 'revoked' | 'suspended'
  /** The account, with all of its rights. */
  readonly principal: Principal
}

/** A credential by what a request brings (user name, access key, hash of a token, client id). One query. */
export async function findCredential(
  core: Core,
  kind: CredentialKind,
  lookup: string,
): Promise<Credential | null> {
  const [row] = await byLookup(core.database, [kind, lookup])
  return row === undefined ? null : toCredential(row, core.database.now())
}

/** A credential by its id. One query. */
export async function findCredentialById(core: Core, id: string): Promise<Credential | null> {
  const [row] = await byId(core.database, [id])
  return row === undefined ? null : toCredential(row, core.database.now())
}

const byLookup = hotQuery((db) =>
  withAccount(db)
    .where('credentials.kind', '=', unseen<CredentialKind>('token'))
    .where('lookup', '=', unseen(''))
    .compile(),
)

const byId = hotQuery((db) => withAccount(db).where('credentials.id', '=', unseen('')).compile())

function withAccount(db: Kysely<Tables>) {
  return db
    .selectFrom('credentials')
    .innerJoin('accounts', 'accounts.id', 'credentials.account_id')
    .select([
      'credentials.id',
      'credentials.account_id',
      'credentials.kind',
      'credentials.secret_hash',
      'credentials.scopes',
      'credentials.expires_at',
      'credentials.revoked_at',
      'accounts.organization_id',
      'accounts.username',
      'accounts.permissions',
      'accounts.suspended_at',
    ])
}

type JoinedRow = Awaited<ReturnType<typeof byId>>[number]

function toCredential(row: JoinedRow, now: number): Credential {
  return {
    id: row.id,
    kind: row.kind,
    secretHash: row.secret_hash,
    scopes: row.scopes === null ? null : JSON.parse(row.scopes),
    expiresAt: row.expires_at,
    status: statusOf(row, now),
    principal: { ...principalOf({ ...row, id: row.account_id }), credentialId: row.id },
  }
}

function statusOf(row: JoinedRow, now: number): Credential['status'] {
  if (row.revoked_at !== null) return 'revoked'
  if (row.suspended_at !== null) return 'suspended'
  return row.expires_at !== null && row.expires_at <= now ? 'expired' : 'usable'
}

export interface NewCredential {
  accountId: string
  kind: CredentialKind
  lookup: string
  secretHash: string | null
  /** For people, to tell one from another. */
  name: string
  scopes?: readonly string[] | null
  /** In ms since the epoch; null for never. */
  expiresAt?: number | null
}

/**
 * Gives an account one more way to sign in.
 * @throws DeliveryError `not_found` for the account, `conflict` when the look-up is taken,
 *   `invalid` for a time that is over, `forbidden`, `not_yours`, `insufficient_scope`
 */
export async function insertCredential(
  core: Core,
  actor: Actor,
  credential: NewCredential,
): Promise<CredentialRow> {
  return await issue(core, actor, credential, (taken) => taken.doNothing())
}

/**
 * The same, in place of the one that the account may have under this look-up. It gets a new id, so
 * that what was derived from the old one (sessions, access tokens, remembered sign-ins) ends.
 * @throws DeliveryError as `insertCredential`; `conflict` when the look-up is another account's
 */
export async function replaceCredential(
  core: Core,
  actor: Actor,
  credential: NewCredential,
): Promise<CredentialRow> {
  return await issue(core, actor, credential, (taken) =>
    taken
      .doUpdateSet((row) => ({
        id: row.ref('excluded.id'),
        secret_hash: row.ref('excluded.secret_hash'),
        name: row.ref('excluded.name'),
        scopes: row.ref('excluded.scopes'),
        created_at: row.ref('excluded.created_at'),
        expires_at: row.ref('excluded.expires_at'),
        revoked_at: null,
      }))
      .whereRef('credentials.account_id', '=', 'excluded.account_id'),
  )
}

type Taken = OnConflictBuilder<Tables, 'credentials'>

/** @param whenTaken what becomes of the one that has this look-up */
async function issue(
  core: Core,
  actor: Actor,
  credential: NewCredential,
  whenTaken: (taken: Taken) => ReturnType<Taken['doNothing']> | ReturnType<Taken['doUpdateSet']>,
): Promise<CredentialRow> {
  return await transact(core, async (change) => {
    const account = await findHolder(change.db, actor, credential.accountId)
    const row = await change.db
      .insertInto('credentials')
      .values(toRow(change, credential))
      .onConflict((conflict) => whenTaken(conflict.columns(['kind', 'lookup'])))
      .returningAll()
      .executeTakeFirst()
    return await told(change, actor, { account, row, action: 'credential.issued' })
  })
}

function toRow(change: Change, credential: NewCredential): CredentialRow {
  const expiresAt = credential.expiresAt ?? null
  if (expiresAt !== null && !(expiresAt > change.now)) {
    throw new DeliveryError('invalid', 'A credential must expire in the future, or never.', {
      details: { field: 'expires_at' },
    })
  }
  return {
    id: newId(change.now),
    account_id: credential.accountId,
    kind: credential.kind,
    lookup: credential.lookup,
    secret_hash: credential.secretHash,
    name: credential.name,
    scopes: credential.scopes == null ? null : JSON.stringify(credential.scopes),
    created_at: change.now,
    expires_at: expiresAt,
    revoked_at: null,
  }
}

/** A credential as it may be listed: nothing in it helps to sign in. */
export type ListedCredential = Omit<CredentialRow, 'secret_hash'>

/**
 * The credentials of an account, oldest first, revoked and expired ones too. The `lookup` of a
 * token is the SHA-256 of the token, those of the other kinds are their public halves.
 * @throws DeliveryError `not_found`, `forbidden`, `not_yours`, `insufficient_scope`
 */
export async function listCredentials(
  core: Core,
  actor: Actor,
  accountId: string,
): Promise<ListedCredential[]> {
  await findHolder(core.database.kysely, actor, accountId)
  return await core.database.kysely
    .selectFrom('credentials')
    .select(['id', 'account_id', 'kind', 'lookup', 'name', 'scopes'])
    .select(['created_at', 'expires_at', 'revoked_at'])
    .where('account_id', '=', accountId)
    .orderBy('id')
    .limit(1000)
    .execute()
}

/**
 * Ends a credential, and with it every session and access token that came from it.
 * @throws DeliveryError `not_found`, `forbidden`, `not_yours`, `insufficient_scope`
 */
export async function revokeCredential(
  core: Core,
  actor: Actor,
  credentialId: string,
): Promise<ListedCredential> {
  return await transact(core, async (change) => {
    const found = await change.db
      .selectFrom('credentials')
      .selectAll()
      .where('id', '=', credentialId)
      .executeTakeFirst()
    if (found === undefined) throw new DeliveryError('not_found', 'There is no such credential.')
    const account = await findHolder(change.db, actor, found.account_id)
    if (found.revoked_at !== null) return found
    const row = await change.db
      .updateTable('credentials')
      .set({ revoked_at: change.now })
      .where('id', '=', credentialId)
      .returningAll()
      .executeTakeFirstOrThrow()
    return await told(change, actor, { account, row, action: 'credential.revoked' })
  })
}

interface Holder {
  id: string
  organizationId: string
}

async function findHolder(db: Connection, actor: Actor, accountId: string): Promise<Holder> {
  const row = await readAccount(db, accountId)
  if (row === null) throw new DeliveryError('not_found', 'There is no such account.')
  const holder = { id: row.id, organizationId: row.organization_id }
  demandHolder(actor, { ...holder, permissions: accountPermissions(row) })
  return holder
}

async function told(
  change: Change,
  actor: Actor,
  { account, row, action }: { account: Holder; row: CredentialRow | undefined; action: string },
): Promise<CredentialRow> {
  if (row === undefined) {
    throw new DeliveryError('conflict', 'This key, token or client id is taken.')
  }
  change.signal('access')
  await recordEvents(change, [
    {
      organizationId: account.organizationId,
      ownerId: account.id,
      actorId: actorId(actor),
      action,
      data: { credential_id: row.id, kind: row.kind, name: row.name },
    },
  ])
  return row
}
