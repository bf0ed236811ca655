import { suggest } from '../../suggest.ts'

/** What a roster holds. Organizations are units inside of a customer's hierarchy, not tenants. */
export type RosterNoun = 'organizations' | 'users' | 'groups' | 'memberships' | 'sessions'

/** The TAO templates, by the names of their files. */
export type TemplateName =
  | 'organizations'
  | 'users'
  | 'groups'
  | 'link-new-user-to-groups'
  | 'link-existing-user-to-groups'
  | 'sessions-with-delivery-in-new-groups'
  | 'sessions-with-delivery-in-existing-groups'

/** What a cell holds, and by which rules it is checked. */
export type CellKind =
  | 'key'
  | 'name'
  | 'text'
  | 'password'
  | 'email'
  | 'language'
  | 'active'
  | 'roles'
  | 'json'
  | 'list'
  | 'date'
  | 'timezone'

export interface Column {
  /** As the header has it. */
  readonly name: string
  readonly noun: RosterNoun
  /** Of the roster entry. Metadata: `metadata.<KEY>`. */
  readonly field: string
  readonly kind: CellKind
  /** An empty cell is a mistake: there is nothing that it could take away. */
  readonly mandatory: boolean
}

export interface Header {
  readonly template: TemplateName
  /** In the order of the file. */
  readonly columns: readonly Column[]
}

export interface HeaderProblem {
  /** Counted from 1. */
  readonly column: number
  readonly sentence: string
}

/** The noun that a row of the template is about: a file names each of them once. */
export const mainNouns = {
  organizations: 'organizations',
  users: 'users',
  groups: 'groups',
  'link-new-user-to-groups': 'memberships',
  'link-existing-user-to-groups': 'memberships',
  'sessions-with-delivery-in-new-groups': 'sessions',
  'sessions-with-delivery-in-existing-groups': 'sessions',
} as const satisfies Record<TemplateName, RosterNoun>

const columns: readonly Column[] = [
  column('hierarchy_organizationId', 'organizations', 'id', 'key'),
  column('hierarchy_organizationName', 'organizations', 'name', 'name', true),
  column('hierarchy_organizationDescription', 'organizations', 'description', 'text'),
  column('hierarchy_parentOrganizationId', 'organizations', 'parentId', 'key', true),
  column('user_username', 'users', 'username', 'key', true),
  column('user_name', 'users', 'name', 'name'),
  column('user_password', 'users', 'password', 'password', true),
  column('user_email', 'users', 'email', 'email'),
  column('user_language', 'users', 'language', 'language'),
  column('user_active', 'users', 'active', 'active'),
  column('user_role', 'users', 'roles', 'roles'),
  column('user_organizationId', 'users', 'organizationId', 'key', true),
  column('user_externalId', 'users', 'externalId', 'json'),
  column('group_name', 'groups', 'name', 'key', true),
  column('group_description', 'groups', 'description', 'text'),
  column('group_active', 'groups', 'active', 'active'),
  column('group_organizationId', 'groups', 'organizationId', 'key', true),
  column('group_role', 'memberships', 'roles', 'roles', true),
  column('session_deliveryId', 'sessions', 'deliveryId', 'key', true),
  column('session_batteryId', 'sessions', 'batteryId', 'key', true),
  column('session_name', 'sessions', 'name', 'key', true),
  column('session_timezone', 'sessions', 'timezone', 'timezone'),
  column('session_startDate', 'sessions', 'startDate', 'date'),
  column('session_endDate', 'sessions', 'endDate', 'date'),
  column('session_submissionDate', 'sessions', 'submissionDate', 'date'),
  column('session_waitingPageDate', 'sessions', 'waitingPageDate', 'date'),
  column('session_securitySettings', 'sessions', 'securitySettings', 'list'),
  column('session_reviewSettings', 'sessions', 'reviewSettings', 'list'),
  column(
    'session_testRunnerAccessibilityPlugins',
    'sessions',
    'testRunnerAccessibilityPlugins',
    'list',
  ),
  column('session_testRunnerSessionPlugins', 'sessions', 'testRunnerSessionPlugins', 'list'),
  column('session_reportSettings', 'sessions', 'reportSettings', 'list'),
  column('session_readAloud', 'sessions', 'readAloud', 'text'),
]
const byName = new Map(columns.map((one) => [one.name, one]))

interface Template {
  /** All columns of these nouns are its own. */
  readonly nouns: readonly RosterNoun[]
  /** Columns of other nouns that it has, too. */
  readonly also: readonly string[]
  readonly needs: readonly string[]
}

const templates: Record<TemplateName, Template> = {
  organizations: {
    nouns: ['organizations'],
    also: [],
    needs: ['hierarchy_organizationName'],
  },
  users: { nouns: ['users'], also: [], needs: ['user_username'] },
  groups: { nouns: ['groups'], also: [], needs: ['group_name'] },
  'link-new-user-to-groups': {
    nouns: ['users', 'memberships'],
    also: ['group_name'],
    needs: ['user_username', 'group_name'],
  },
  'link-existing-user-to-groups': {
    nouns: ['memberships'],
    also: ['user_username', 'group_name'],
    needs: ['user_username', 'group_name'],
  },
  'sessions-with-delivery-in-new-groups': {
    nouns: ['sessions', 'groups'],
    also: [],
    needs: ['session_name', 'group_name'],
  },
  'sessions-with-delivery-in-existing-groups': {
    nouns: ['sessions'],
    also: ['group_name'],
    needs: ['session_name'],
  },
}

/** TAO prints this template with one of its columns twice. */
const printedTwice = 'session_waitingPageDate'

/**
 * Recognizes a template by the names in its header row, whatever their order. Names at the end that
 * are empty do not count.
 */
export function recognizeHeader(cells: readonly string[]): Header | HeaderProblem {
  const names = cells.map((cell) => cell.trim())
  while (names.at(-1) === '') names.pop()
  if (names.length === 1 && /[;\t]/.test(names[0] ?? '')) {
    const sentence =
      'The columns are not separated by commas. Save the file as comma-separated CSV.'
    return { column: 1, sentence }
  }
  const found = names.map((name) => byName.get(name) ?? metadataColumn(name))
  const unknown = found.indexOf(null)
  if (unknown >= 0) return unknownColumn(names, unknown)
  const known = found.filter((one) => one !== null)
  const template = recognizeTemplate(known)
  if (template === null) return { column: 1, sentence: 'The header row has no columns.' }
  return (
    misplaced(template, known) ??
    repeated(names) ??
    missing(template, names) ?? { template, columns: known }
  )
}

function recognizeTemplate(found: readonly Column[]): TemplateName | null {
  const has = (prefix: string, other = '') =>
    found.some(({ name }) => name.startsWith(prefix) && name !== other)
  if (has('hierarchy_')) return 'organizations'
  if (has('session_')) {
    return has('group_', 'group_name')
      ? 'sessions-with-delivery-in-new-groups'
      : 'sessions-with-delivery-in-existing-groups'
  }
  if (has('user_') && has('group_')) {
    return has('user_', 'user_username')
      ? 'link-new-user-to-groups'
      : 'link-existing-user-to-groups'
  }
  if (has('user_')) return 'users'
  return has('group_') ? 'groups' : null
}

function misplaced(template: TemplateName, found: readonly Column[]): HeaderProblem | null {
  const { nouns, also } = templates[template]
  const at = found.findIndex(({ name, noun }) => !nouns.includes(noun) && !also.includes(name))
  if (at < 0) return null
  const sentence = `The column "${found[at]?.name}" does not belong to the template "${template}", which the other columns name.`
  return { column: at + 1, sentence }
}

function repeated(names: readonly string[]): HeaderProblem | null {
  const at = names.findIndex(
    (name, index) => names.indexOf(name) !== index && name !== printedTwice,
  )
  if (at < 0) {
    const both = names.includes('session_deliveryId') ? names.indexOf('session_batteryId') : -1
    if (both < 0) return null
    const sentence = 'A session is of a delivery or of a battery: there cannot be columns for both.'
    return { column: both + 1, sentence }
  }
  const first = names.indexOf(names[at] ?? '') + 1
  return {
    column: at + 1,
    sentence: `The column "${names[at]}" is there twice, first as column ${first}.`,
  }
}

function missing(template: TemplateName, names: readonly string[]): HeaderProblem | null {
  const lacking = templates[template].needs.find((name) => !names.includes(name))
  if (lacking === undefined) return null
  const sentence = `The column "${lacking}" is missing, which the template "${template}" needs.`
  return { column: names.length + 1, sentence }
}

function metadataColumn(name: string): Column | null {
  const match = /^(user|group)_metadata_(.{1,100})$/.exec(name)
  if (match === null) return null
  const [, noun, key] = match
  return { ...column(name, noun === 'user' ? 'users' : 'groups', `metadata.${key}`, 'text') }
}

function unknownColumn(names: readonly string[], at: number): HeaderProblem {
  const name = names[at] ?? ''
  if (name === '') return { column: at + 1, sentence: 'The column has no name.' }
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name
  const meant = suggest(shown, byName.keys())
  const hint = meant === null ? '' : ` Did you mean "${meant}"?`
  return { column: at + 1, sentence: `"${shown}" is no column of a roster template.${hint}` }
}

function column(
  name: string,
  noun: RosterNoun,
  field: string,
  ...[kind, mandatory = false]: [kind: CellKind, mandatory?: boolean]
): Column {
  return { name, noun, field, kind, mandatory }
}
