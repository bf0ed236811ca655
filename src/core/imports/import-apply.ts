import { newId } from '../ids.ts'
import type { Change } from '../transact.ts'
import type { Given, ImportRow, RowOutcome } from './import-rows.ts'
import { type Desk, findMistakes, isWritten, type Wish } from './import-rules.ts'
import { mainNouns, type RosterNoun, type TemplateName } from './import-templates.ts'
import type { RosterValue } from './import-values.ts'
import {
  holdRoster,
  type RosterDraft,
  type RosterEntry,
  readRoster,
  writeRoster,
} from './roster.ts'

/**
 * Writes rows into a draft, each whole or not at all, and says what became of each, in their order.
 * @throws DeliveryError `unavailable` when somebody else has begun to write the roster
 */
export async function applyRows(
  change: Change,
  { draft, template }: { draft: RosterDraft; template: TemplateName },
  rows: readonly ImportRow[],
): Promise<RowOutcome[]> {
  await holdRoster(change, draft)
  const named = rows.map((row) => ({ row, keys: keysOf(change, template, row) }))
  const desk = await openDesk(change, draft, named)
  const outcomes = named.map(({ row, keys }) => {
    if (row.problems.length > 0) return refused(row.problems)
    const wishes = keys.map((one) => toWish(desk, one))
    const mistakes = wishes.flatMap((wish) => findMistakes(desk, wish, template))
    if (mistakes.length > 0) return refused(mistakes)
    for (const wish of wishes) {
      if (isWritten(template, wish.noun)) desk.put(wish, row.number)
    }
    return outcomeOf(wishes, row)
  })
  await desk.write(change)
  return outcomes
}

interface Named {
  readonly noun: RosterNoun
  readonly key: string
  readonly given: Given
  readonly isMain: boolean
}

/** The entries that a row writes or points at, the ones that others point at first. */
function keysOf({ now }: Change, template: TemplateName, { given }: ImportRow): Named[] {
  const main = mainNouns[template]
  const named: Named[] = []
  const name = (noun: RosterNoun, key: unknown, fields: Given | undefined) => {
    if (typeof key !== 'string') return
    named.push({ noun, key, given: fields ?? {}, isMain: noun === main })
  }
  const { organizations, users, groups, memberships, sessions } = given
  if (organizations !== undefined) {
    const id = organizations.id ?? newId(now)
    name('organizations', id, { ...organizations, id })
  }
  name('users', users?.username, users)
  name('groups', groups?.name, groups)
  if (main === 'memberships') {
    const pair = { username: users?.username ?? null, group: groups?.name ?? null }
    // Keys have no control characters, so no two pairs are written alike.
    name('memberships', `${pair.username}\n${pair.group}`, { ...memberships, ...pair })
  }
  const group = groups?.name === undefined ? {} : { group: groups.name }
  name('sessions', sessions?.name, { ...sessions, ...group })
  return named
}

interface OpenDesk extends Desk {
  put(wish: Wish, row: number): void
  write(change: Change): Promise<void>
}

async function openDesk(
  change: Change,
  draft: RosterDraft,
  rows: readonly { keys: readonly Named[] }[],
): Promise<OpenDesk> {
  const entries = new Map<string, RosterEntry>()
  const dirty = new Map<RosterNoun, Map<string, RosterEntry>>()
  const place = (noun: RosterNoun, key: string) => `${noun} ${key}`
  for (const [noun, keys] of wanted(rows)) {
    for (const entry of await readRoster(change.db, { draft, noun, keys: [...keys] })) {
      entries.set(place(noun, entry.key), entry)
    }
  }
  return {
    draft,
    find: (noun, key) => entries.get(place(noun, key)) ?? null,
    put({ noun, key, fields }, sourceRow) {
      const entry = { key, version: draft.version, sourceRow, fields }
      entries.set(place(noun, key), entry)
      const changed = dirty.get(noun) ?? new Map<string, RosterEntry>()
      dirty.set(noun, changed.set(key, entry))
    },
    async write(to) {
      for (const [noun, changed] of dirty) {
        await writeRoster(to, { draft, noun }, [...changed.values()])
      }
    },
  }
}

/** Everything that the rows name, and the organizations that they point at. */
function wanted(rows: readonly { keys: readonly Named[] }[]): Map<RosterNoun, Set<string>> {
  const keys = new Map<RosterNoun, Set<string>>()
  const want = (noun: RosterNoun, key: unknown) => {
    if (typeof key !== 'string') return
    keys.set(noun, (keys.get(noun) ?? new Set()).add(key))
  }
  for (const { noun, key, given } of rows.flatMap((row) => row.keys)) {
    want(noun, key)
    want('organizations', given.parentId)
    want('organizations', given.organizationId)
  }
  return keys
}

function toWish(desk: Desk, { noun, key, given, isMain }: Named): Wish {
  const existing = desk.find(noun, key)
  const fields: Record<string, RosterValue> = { ...(existing?.fields ?? defaults[noun]) }
  for (const [field, value] of Object.entries(given)) {
    if (value === null) delete fields[field]
    else fields[field] = value
  }
  if (noun === 'organizations') fields.depth = depthOf(desk, fields)
  // A session is of a delivery or of a battery: naming one takes the other away.
  if (given.deliveryId !== undefined) delete fields.batteryId
  if (given.batteryId !== undefined) delete fields.deliveryId
  return { noun, key, given, isMain, existing, fields }
}

const defaults: Record<RosterNoun, Record<string, RosterValue>> = {
  organizations: {},
  users: { active: true, organizationId: 'root' },
  groups: { active: true, organizationId: 'root' },
  memberships: {},
  sessions: {},
}

/** Below the root is 1. */
function depthOf(desk: Desk, { parentId }: Record<string, RosterValue>): number {
  const parent = desk.find('organizations', String(parentId))
  return Number(parent?.fields.depth ?? 0) + 1
}

function refused(sentences: readonly string[]): RowOutcome {
  return { status: 'error', message: sentences.join(' ') }
}

function outcomeOf(wishes: readonly Wish[], row: ImportRow): RowOutcome {
  const main = wishes.find((wish) => wish.isMain)
  const notes = row.warnings.map((warning) => `Warning: ${warning}`)
  if (main?.noun === 'organizations' && row.given.organizations?.id == null) {
    notes.push(`Its ID is "${main.key}".`)
  }
  const changed = wishes.some(({ existing, fields }) => !isSame(existing?.fields, fields))
  const status = main?.existing === null ? 'created' : changed ? 'updated' : 'unchanged'
  return { status, message: notes.join(' ') }
}

function isSame(
  before: Readonly<Record<string, RosterValue>> | undefined,
  after: Readonly<Record<string, RosterValue>>,
): boolean {
  if (before === undefined) return false
  const fields = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...fields].every(
    (field) => JSON.stringify(before[field]) === JSON.stringify(after[field]),
  )
}
