import type { Connection } from '../../database/database.ts'
import type { OrganizationRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { newId } from '../ids.ts'
import { transact } from '../transact.ts'
import { type Actor, actorId, demandOperator } from './actor.ts'
import { parseCode } from './code.ts'

export interface NewOrganization {
  /** The first segment of a studies path: 1 to 100 printable characters without `/`, not `.` or `..`. */
  code: string
  /** For people; the code when left out. */
  name?: string
}

/**
 * Makes a tenant.
 * @throws DeliveryError `invalid` for a code that cannot be one, `conflict` for one that is taken,
 *   `forbidden` when the actor is no operator
 */
export async function createOrganization(
  core: Core,
  actor: Actor,
  organization: NewOrganization,
): Promise<OrganizationRow> {
  demandOperator(actor)
  const code = parseOrganizationCode(organization.code)
  return await transact(core, async (change) => {
    const row = await change.db
      .insertInto('organizations')
      .values({
        id: newId(change.now),
        code,
        name: organization.name?.trim() || code,
        created_at: change.now,
      })
      .onConflict((conflict) => conflict.column('code').doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) {
      throw new DeliveryError('conflict', `There is an organization "${code}" already.`, {
        details: { field: 'code' },
      })
    }
    await recordEvents(change, [
      {
        organizationId: row.id,
        ownerId: null,
        actorId: actorId(actor),
        action: 'organization.created',
        data: { code },
      },
    ])
    return row
  })
}

/**
 * A code in the one form in which it is stored.
 * @throws DeliveryError `invalid`
 */
export function parseOrganizationCode(text: string): string {
  return parseCode(text, { what: "An organization's code", field: 'code' })
}

/** An organization by its id; null when there is none. */
export async function findOrganization(core: Core, id: string): Promise<OrganizationRow | null> {
  return await readOrganization(core.database.kysely, id)
}

/** The same inside a change. */
export async function readOrganization(
  db: Connection,
  id: string,
): Promise<OrganizationRow | null> {
  const row = await db
    .selectFrom('organizations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row ?? null
}

/** An organization by its code, spelled exactly so; null when there is none. */
export async function findOrganizationByCode(
  core: Core,
  code: string,
): Promise<OrganizationRow | null> {
  const row = await core.database.kysely
    .selectFrom('organizations')
    .selectAll()
    .where('code', '=', code.normalize('NFC'))
    .executeTakeFirst()
  return row ?? null
}

export interface OrganizationsPage {
  /** The id of the last one of the page before; null for the first page. */
  after: string | null
  /** At most 1,000. */
  limit: number
}

/**
 * The organizations, oldest first.
 * @throws DeliveryError `forbidden` when the actor is no operator
 */
export async function listOrganizations(
  core: Core,
  actor: Actor,
  page: OrganizationsPage,
): Promise<OrganizationRow[]> {
  demandOperator(actor)
  return await core.database.kysely
    .selectFrom('organizations')
    .selectAll()
    .where('id', '>', page.after ?? '')
    .orderBy('id')
    .limit(Math.min(page.limit, 1000))
    .execute()
}
