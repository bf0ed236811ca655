import { UsageError } from './command.ts'

/** Whose it is that is published. */
export const organizationOption = {
  organization: {
    type: 'string',
    value: 'CODE',
    description: 'The organization that it is for.',
  },
} as const

/**
 * The value of an option that a command cannot do without.
 * @throws UsageError that names the option, and the command whose help tells of it
 */
export function demandOption<Name extends string>(
  values: { readonly [K in Name]?: string },
  name: Name,
  command: string,
): string {
  const value = values[name]
  if (value !== undefined) return value
  throw new UsageError(`The option --${name} is missing. See "claimcheck ${command} --help".`)
}
