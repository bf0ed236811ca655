import type { Given } from './import-rows.ts'
import type { RosterNoun, TemplateName } from './import-templates.ts'
import type { RosterValue } from './import-values.ts'
import type { RosterDraft, RosterEntry } from './roster.ts'

/** The entries that some rows speak of, as the draft has them, and what becomes of them. */
export interface Desk {
  readonly draft: RosterDraft
  find(noun: RosterNoun, key: string): RosterEntry | null
}

/** What a row wants to become of one entry. */
export interface Wish {
  readonly noun: RosterNoun
  readonly key: string
  readonly given: Given
  /** The row is about this one: a file may name it once. */
  readonly isMain: boolean
  readonly existing: RosterEntry | null
  /** The existing fields, the given ones over them. */
  readonly fields: Record<string, RosterValue>
}

/** The root of every hierarchy; it is there from the beginning. */
const ROOT = 'root'
/** "The maximum number of parent levels allowed is 15." */
const MAX_DEPTH = 15

const labels: Record<RosterNoun, string> = {
  organizations: 'organization',
  users: 'user',
  groups: 'group',
  memberships: 'membership',
  sessions: 'session',
}

/** What an entry must be given when it is created, by the columns that give it. */
const neededToCreate: Record<RosterNoun, readonly [field: string, column: string][]> = {
  organizations: [
    ['name', 'hierarchy_organizationName'],
    ['parentId', 'hierarchy_parentOrganizationId'],
  ],
  users: [['password', 'user_password']],
  groups: [],
  memberships: [['roles', 'group_role']],
  sessions: [['group', 'group_name']],
}

const pointsAt: Record<TemplateName, readonly RosterNoun[]> = {
  organizations: [],
  users: [],
  groups: [],
  'link-new-user-to-groups': ['groups'],
  'link-existing-user-to-groups': ['users', 'groups'],
  'sessions-with-delivery-in-new-groups': [],
  'sessions-with-delivery-in-existing-groups': ['groups'],
}

/** Does a template write the entries of a noun, or only point at them? */
export function isWritten(template: TemplateName, noun: RosterNoun): boolean {
  return !pointsAt[template].includes(noun)
}

/** What is wrong with what a row wants of one entry; sentences, none when nothing is. */
export function findMistakes(desk: Desk, wish: Wish, template: TemplateName): string[] {
  const { noun, key, existing, isMain } = wish
  if (!isWritten(template, noun)) {
    return existing === null ? [`There is no ${labels[noun]} "${key}".`] : []
  }
  if (isMain && existing?.version === desk.draft.version) {
    const what =
      noun === 'memberships' ? 'This user and group are' : `The ${labels[noun]} "${key}" is`
    return [`${what} in row ${existing.sourceRow} of this file already.`]
  }
  return [...lacking(wish), ...checks[noun](desk, wish)]
}

function lacking({ noun, existing, fields }: Wish): string[] {
  if (existing !== null) return []
  const mistakes = neededToCreate[noun]
    .filter(([field]) => fields[field] === undefined)
    .map(([, column]) => `${column} is mandatory to create a ${labels[noun]}.`)
  if (noun === 'sessions' && fields.deliveryId === undefined && fields.batteryId === undefined) {
    mistakes.push('session_deliveryId (or session_batteryId) is mandatory to create a session.')
  }
  return mistakes
}

const checks: Record<RosterNoun, (desk: Desk, wish: Wish) => string[]> = {
  organizations: checkOrganization,
  users: (desk, wish) => checkPlace(desk, wish, 'user_organizationId'),
  groups: (desk, wish) => checkPlace(desk, wish, 'group_organizationId'),
  memberships: () => [],
  sessions: (_desk, wish) => checkSession(wish),
}

function checkOrganization(desk: Desk, { key, existing, fields }: Wish): string[] {
  const { parentId, depth } = fields
  if (key === ROOT) return ['The root is there from the beginning and cannot be imported.']
  if (existing !== null && existing.fields.parentId !== parentId) {
    return [
      `The parent of an organization cannot be changed; this one stands below "${existing.fields.parentId}".`,
    ]
  }
  if (typeof parentId !== 'string') return []
  if (parentId !== ROOT && desk.find('organizations', parentId) === null) {
    return [`hierarchy_parentOrganizationId: there is no organization "${parentId}".`]
  }
  return Number(depth) > MAX_DEPTH ? [`A hierarchy has at most ${MAX_DEPTH} levels.`] : []
}

function checkPlace(desk: Desk, { given }: Wish, column: string): string[] {
  const { organizationId } = given
  if (typeof organizationId !== 'string' || organizationId === ROOT) return []
  if (desk.find('organizations', organizationId) !== null) return []
  return [`${column}: there is no organization "${organizationId}".`]
}

function checkSession({ existing, fields }: Wish): string[] {
  if (existing !== null && existing.fields.group !== fields.group) {
    return [`The group of a session cannot be changed; it is "${existing.fields.group}".`]
  }
  const { startDate, endDate } = fields
  return typeof startDate === 'string' && typeof endDate === 'string' && endDate <= startDate
    ? ['session_endDate is not after session_startDate.']
    : []
}
