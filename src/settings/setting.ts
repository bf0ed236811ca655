import type { SettingKind } from './setting-kinds.ts'

/** What every variable of ours begins with. */
export const prefix = 'CLAIMCHECK_'

/** One setting: its name, what it takes, and what it is when nothing is said. */
export interface Setting<T> {
  readonly name: string
  readonly kind: SettingKind<T>
  readonly default: string | null
  readonly description: string
  /** A name that other programs use for the same; read when ours is not set. */
  readonly otherName?: string
  /** The value for a text; for none, the default's. */
  read(value: string | undefined, data: string): T | undefined
}

/** A setting with a default; without the prefix of its name. */
export function setting<T>(
  name: string,
  kind: SettingKind<T>,
  byDefault: string,
  description: string,
) {
  return {
    name: prefix + name,
    kind,
    default: byDefault,
    description,
    read: (value, data) => kind.parse(value ?? fillIn(byDefault, data) ?? ''),
  } satisfies Setting<T>
}

/** A setting that is null when nothing is said. */
export function optional<T>(
  name: string,
  kind: SettingKind<T>,
  description: string,
  otherName?: string,
): Setting<T | null> {
  return {
    name: prefix + name,
    kind,
    default: null,
    description,
    ...(otherName === undefined ? {} : { otherName }),
    read: (value) => (value === undefined ? null : kind.parse(value)),
  }
}

/** A default with the data folder put in. */
export function fillIn(byDefault: string | null, data: string): string | null {
  return byDefault === null ? null : byDefault.replace('<DATA>', () => data)
}
