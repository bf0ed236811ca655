import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Connection } from '../../database/database.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { type Change, transact } from '../transact.ts'
import type { RosterNoun } from './import-templates.ts'
import type { RosterValue } from './import-values.ts'

/** Rows in one transaction, so that no request waits long for it. */
const BATCH = 100

/** Where the entries of each noun stand. */
const rosterTables = {
  organizations: 'roster_organizations',
  users: 'roster_users',
  groups: 'roster_groups',
  memberships: 'roster_memberships',
  sessions: 'roster_sessions',
} as const satisfies Record<RosterNoun, string>
const nouns = Object.keys(rosterTables) as RosterNoun[]

export interface RosterEntry {
  readonly key: string
  readonly version: number
  readonly sourceRow: number
  readonly fields: Readonly<Record<string, RosterValue>>
}

/**
 * A roster that is being written beside the one in force. All that is written becomes visible by
 * `commitRoster`, in one small step however much it is; before, and if that never comes, everybody
 * sees the roster as it was.
 */
export interface RosterDraft {
  readonly organizationId: string
  /** What was in force when the draft was begun. */
  readonly base: number
  readonly version: number
}

/** Organizations with entries that no draft has put in force (yet). */
export async function findDrafts(db: Connection): Promise<string[]> {
  const heads = db.selectFrom('roster_heads').whereRef('version', '<', 'last_version')
  const found = nouns.map((noun) =>
    heads
      .select('organization_id')
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom(rosterTables[noun])
            .select('key')
            .whereRef('organization_id', '=', 'roster_heads.organization_id')
            .whereRef('version', '>', 'roster_heads.version'),
        ),
      )
      .execute(),
  )
  const rows = (await Promise.all(found)).flat()
  return [...new Set(rows.map((row) => row.organization_id))]
}

/** Begins a draft, and clears away what an earlier one has left. An earlier one that still lives can no longer write. */
export async function beginRoster(
  core: Core,
  organizationId: string,
  signal?: AbortSignal,
): Promise<RosterDraft> {
  const draft = await transact(core, async ({ db }) => {
    await db
      .insertInto('roster_heads')
      .values({
        organization_id: organizationId,
        version: 0,
        last_version: 0,
        compacted_version: 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const head = await db
      .updateTable('roster_heads')
      .set((head) => ({ last_version: head('last_version', '+', 1) }))
      .where('organization_id', '=', organizationId)
      .returning(['version', 'last_version'])
      .executeTakeFirstOrThrow()
    return { organizationId, base: head.version, version: head.last_version }
  })
  for (const noun of nouns) {
    while (!signal?.aborted && (await transact(core, (change) => clear(change, draft, noun)))) {
      await othersTurn()
    }
  }
  return draft
}

/** Takes away some of what drafts before this one have written; false when nothing is left. */
async function clear(change: Change, draft: RosterDraft, noun: RosterNoun): Promise<boolean> {
  await holdRoster(change, draft)
  const rows = await change.db
    .selectFrom(rosterTables[noun])
    .select(['key', 'version'])
    .where('organization_id', '=', draft.organizationId)
    .where('version', '>', draft.base)
    .where('version', '<', draft.version)
    .orderBy('version')
    .limit(BATCH)
    .execute()
  const { organizationId } = draft
  await deleteEntries(change.db, rows, { noun, organizationId, versions: '=' })
  return rows.length > 0
}

/** Deletes the entries with these keys, of the same versions (`=`) or of all before them (`<`). */
async function deleteEntries(
  db: Connection,
  rows: readonly { key: string; version: number }[],
  of: { noun: RosterNoun; organizationId: string; versions: '=' | '<' },
): Promise<void> {
  for (const [version, same] of Map.groupBy(rows, (row) => row.version)) {
    const keys = same.map((row) => row.key)
    await db
      .deleteFrom(rosterTables[of.noun])
      .where('organization_id', '=', of.organizationId)
      .where('version', of.versions, version)
      .where('key', 'in', keys)
      .execute()
  }
}

/**
 * Makes sure, for the rest of the change, that nobody has begun another draft.
 * @throws DeliveryError `unavailable`
 */
export async function holdRoster(change: Change, draft: RosterDraft): Promise<void> {
  const head = await change.db
    .updateTable('roster_heads')
    .set({ last_version: draft.version })
    .where('organization_id', '=', draft.organizationId)
    .where('version', '=', draft.base)
    .where('last_version', '=', draft.version)
    .returning('version')
    .executeTakeFirst()
  if (head !== undefined) return
  throw new DeliveryError('unavailable', 'Another import has begun to write this roster.')
}

/** Of the given keys the entries that are there, as the draft would show them. */
export async function readRoster(
  db: Connection,
  { draft, noun, keys }: { draft: RosterDraft; noun: RosterNoun; keys: readonly string[] },
): Promise<RosterEntry[]> {
  const newest = new Map<string, RosterEntry>()
  for (let at = 0; at < keys.length; at += 500) {
    const rows = await db
      .selectFrom(rosterTables[noun])
      .selectAll()
      .where('organization_id', '=', draft.organizationId)
      .where('key', 'in', keys.slice(at, at + 500))
      .where('version', '<=', draft.version)
      .execute()
    // Not sorted by the database: it would walk the index of versions, through the whole roster.
    for (const row of rows) {
      const known = newest.get(row.key)
      if (known === undefined || known.version < row.version) newest.set(row.key, toEntry(row))
    }
  }
  return [...newest.values()]
}

/** Writes entries into a draft; one that the draft has already is replaced. At most 500. */
export async function writeRoster(
  change: Change,
  { draft, noun }: { draft: RosterDraft; noun: RosterNoun },
  entries: readonly Omit<RosterEntry, 'version'>[],
): Promise<void> {
  if (entries.length === 0) return
  await change.db
    .insertInto(rosterTables[noun])
    .values(
      entries.map(({ key, sourceRow, fields }) => ({
        organization_id: draft.organizationId,
        key,
        version: draft.version,
        source_row: sourceRow,
        fields: JSON.stringify(fields),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'key', 'version']).doUpdateSet((row) => ({
        source_row: row.ref('excluded.source_row'),
        fields: row.ref('excluded.fields'),
      })),
    )
    .execute()
}

/**
 * Puts a draft in force.
 * @throws DeliveryError `unavailable` when another one was begun since
 */
export async function commitRoster(change: Change, draft: RosterDraft): Promise<void> {
  await holdRoster(change, draft)
  await change.db
    .updateTable('roster_heads')
    .set({ version: draft.version })
    .where('organization_id', '=', draft.organizationId)
    .execute()
}

/** Removes the entries that newer ones in force have replaced. */
export async function compactRosters(core: Core, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted) {
    const head = await core.database.kysely
      .selectFrom('roster_heads')
      .selectAll()
      .whereRef('compacted_version', '<', 'version')
      .limit(1)
      .executeTakeFirst()
    if (head === undefined) return
    const span = {
      organizationId: head.organization_id,
      after: head.compacted_version,
      upTo: head.version,
    }
    for (const noun of nouns) await compact(core, noun, { ...span, signal })
    if (signal?.aborted) return
    await core.database.kysely
      .updateTable('roster_heads')
      .set({ compacted_version: span.upTo })
      .where('organization_id', '=', span.organizationId)
      .execute()
  }
}

interface Span {
  organizationId: string
  after: number
  upTo: number
  signal: AbortSignal | undefined
}

async function compact(core: Core, noun: RosterNoun, span: Span): Promise<void> {
  let last = { version: span.after, key: '\u{10ffff}' }
  while (!span.signal?.aborted) {
    const rows = await core.database.kysely
      .selectFrom(rosterTables[noun])
      .select(['version', 'key'])
      .where('organization_id', '=', span.organizationId)
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('version', 'key'), '>', tuple(last.version, last.key)),
      )
      .where('version', '<=', span.upTo)
      .orderBy('version')
      .orderBy('key')
      .limit(BATCH)
      .execute()
    const next = rows.at(-1)
    if (next === undefined) return
    const { organizationId } = span
    await deleteEntries(core.database.kysely, rows, { noun, organizationId, versions: '<' })
    last = next
    await othersTurn()
  }
}

/** A row of one of the tables as an entry. */
function toEntry(row: {
  key: string
  version: number
  source_row: number
  fields: string
}): RosterEntry {
  return {
    key: row.key,
    version: row.version,
    sourceRow: row.source_row,
    fields: JSON.parse(row.fields),
  }
}
