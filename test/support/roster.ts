import type { Core } from '../../src/core/core.ts'
import type { RosterNoun } from '../../src/core/imports/import-templates.ts'
import type { RosterEntry } from '../../src/core/imports/roster.ts'

/** The entries in force of an organization, in the order of their keys; passwords are left out. */
export async function listRoster(
  core: Core,
  { organizationId }: { organizationId: string },
  query: { noun: RosterNoun; after?: string; limit: number },
): Promise<Pick<RosterEntry, 'key' | 'fields'>[]> {
  const table = `roster_${query.noun}` as const
  const rows = await core.database.kysely
    .selectFrom(`${table} as entry`)
    .innerJoin('roster_heads', 'roster_heads.organization_id', 'entry.organization_id')
    .select(['entry.key', 'entry.fields'])
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
    .limit(query.limit)
    .execute()
  return rows.map(({ key, fields: text }) => {
    const { password: _password, ...fields } = JSON.parse(text) as RosterEntry['fields']
    return { key, fields }
  })
}
