import type { Core } from '../core.ts'
import { kindPermissions } from '../kind-permissions.ts'
import { demand } from '../may.ts'
import type { Principal } from '../principal.ts'
import type { RosterNoun } from './import-templates.ts'
import { type RosterEntry, rosterTables, toEntry } from './roster.ts'

/** The permission, and the scope, that everything about rosters asks for. */
export const ROSTERING = kindPermissions.import

/**
 * The entries in force of the caller's organization, in the order of their keys; passwords are left out.
 * @throws DeliveryError `forbidden` without the permission `rostering`
 */
export async function listRoster(
  core: Core,
  principal: Principal,
  query: { noun: RosterNoun; after?: string; limit: number },
): Promise<RosterEntry[]> {
  const { organizationId } = principal
  const thing = { organizationId, ownerId: null, permission: ROSTERING }
  demand(principal, 'read', thing, 'You are not permitted to see the roster.')
  const table = rosterTables[query.noun]
  const rows = await core.database.kysely
    .selectFrom(`${table} as entry`)
    .innerJoin('roster_heads', 'roster_heads.organization_id', 'entry.organization_id')
    .select(['entry.key', 'entry.version', 'entry.source_row', 'entry.fields'])
    .where('entry.organization_id', '=', organizationId)
    .whereRef('entry.version', '<=', 'roster_heads.version')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom(`${table} as newer`)
            .select('newer.key')
            .whereRef('newer.organization_id', '=', 'entry.organization_id')
            .whereRef('newer.key', '=', 'entry.key')
            .whereRef('newer.version', '>', 'entry.version')
            .whereRef('newer.version', '<=', 'roster_heads.version'),
        ),
      ),
    )
    .where('entry.key', '>', query.after ?? '')
    .orderBy('entry.key')
    .limit(Math.min(query.limit, 1000))
    .execute()
  return rows.map((row) => {
    const { password: _password, ...fields } = toEntry(row).fields
    return { ...toEntry(row), fields }
  })
}
