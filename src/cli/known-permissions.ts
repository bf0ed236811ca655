import { suggest } from '../suggest.ts'

/** Permissions that the program itself asks for, as words of their own. */
export const plainPermissions = [
  'admin',
  'operator',
  'order',
  'rostering',
  'port-orders',
  'publish',
] as const

/** What stands before the colon of the others, and an example of what stands behind. */
const families = { download: 'NAME', work: 'NAME', study: 'ORG', publish: 'ORG' } as const

/**
 * A sentence for each permission that nothing but a download type of the config file can ask for:
 * such words are free, and mistyped ones would give nothing without a word.
 */
export function warnOfPermissions(permissions: readonly string[]): string[] {
  return permissions.filter(isStrange).map((permission) => {
    const [family = '', rest] = permission.split(/:(.*)/)
    const meant = suggest(family, [...plainPermissions, ...Object.keys(families)])
    const whole = meant === null || rest === undefined ? meant : `${meant}:${rest}`
    const hint = meant === null || meant === family ? '' : ` Did you mean "${whole}"?`
    return `Only a download type that asks for "${permission}" looks at it.${hint} Known are ${known}.`
  })
}

const known = [
  ...plainPermissions,
  ...Object.entries(families).map(([family, example]) => `${family}:${example}`),
].join(', ')

function isStrange(permission: string): boolean {
  const [family = '', rest] = permission.split(/:(.*)/)
  const names: readonly string[] = rest === undefined ? plainPermissions : Object.keys(families)
  return !names.includes(family)
}
