import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { fillIn, prefix, type Setting } from './settings/setting.ts'
import { settingTable as table } from './settings/setting-table.ts'
import { suggest } from './suggest.ts'

/** The settings of one run, parsed and frozen. */
export type Settings = {
  readonly [K in keyof typeof table]: (typeof table)[K] extends Setting<infer T> ? T : never
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A setting cannot be used; the message is a sentence for the operator and holds no secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Read by the client commands, which know nothing of the server's settings. */
const clientNames = ['TOKEN', 'USER', 'PASSWORD', 'CLIENT_ID', 'CLIENT_SECRET', 'URL', 'PROFILE']
const clientVariables = new Set(clientNames.map((name) => `CLAIMCHECK_${name}`))

const settings: Record<string, Setting<unknown>> = table

/**
 * The settings that an environment asks for. An empty variable counts as not set.
 * @param labels what to call a variable in a message, where it came from elsewhere: `--port`
 * @throws SettingsError when a variable of ours is unknown or malformed
 */
export function readSettings(environment: Environment, labels: Environment = {}): Settings {
  refuseUnknown(environment)
  const data = environment[table.data.name] || (table.data.default ?? '')
  const entries = Object.entries(settings).map(([key, setting]) => {
    const { name, kind, read } = setting
    const given = givenFor(setting, environment)
    const value = read(given, data)
    if (value !== undefined) return [key, value]
    const shown = kind.secret || given === undefined ? '' : ` "${kind.show(given)}"`
    throw new SettingsError(
      `${labels[name] ?? name}${shown} is not valid: expected ${kind.expects}.`,
    )
  })
  return Object.freeze(Object.fromEntries(entries)) as Settings
}

function givenFor({ name, otherName }: Setting<unknown>, environment: Environment) {
  return environment[name] || (otherName && environment[otherName]) || undefined
}

export interface EnvironmentOptions {
  /** A file of KEY=VALUE lines that must be there; by default `claimcheck.env` if it is there. */
  readonly envFile?: string | undefined
  /** What a command's own options say; stands above everything else. */
  readonly overrides?: Environment
}

/**
 * The variables of the process, over those of the env file.
 * @throws SettingsError when a named env file cannot be read
 */
export function loadEnvironment(options: EnvironmentOptions = {}): Environment {
  const implied = existsSync('claimcheck.config.ts')
    ? { [table.config.name]: './claimcheck.config.ts' }
    : {}
  return withoutEmpty([implied, readEnvFile(options.envFile), process.env, options.overrides ?? {}])
}

/** Does the operator want to see the stack of what should never happen, even when no settings can be read? */
export function isDebugging(): boolean {
  return process.env[table.logLevel.name] === 'debug'
}

/** A setting as the operator sees it. */
export interface SettingReport {
  readonly name: string
  readonly expects: string
  /** As written in the documentation; null when there is none. */
  readonly default: string | null
  readonly secret: boolean
  readonly description: string
  /** In force; `(hidden)` for a secret that is set, null for nothing. */
  readonly value: string | null
  readonly isSet: boolean
}

/** Every setting with what an environment makes of it, secrets hidden; in the order of the documentation. */
export function reportSettings(environment: Environment): SettingReport[] {
  const data = environment[table.data.name] || (table.data.default ?? '')
  return Object.values(settings).map((setting) => {
    const { name, kind, default: byDefault, description } = setting
    const given = givenFor(setting, environment) ?? null
    const value = given === null ? fillIn(byDefault, data) : kind.show(given)
    return {
      name,
      expects: kind.expects,
      default: byDefault || null,
      secret: kind.secret,
      description,
      value: value || null,
      isSet: given !== null,
    }
  })
}

/** Every setting as it is in force, secrets hidden; in the order of the documentation. */
export function describeSettings(
  inForce: Settings,
): Pick<SettingReport, 'name' | 'description' | 'value'>[] {
  const values: Readonly<Record<string, unknown>> = inForce
  return Object.entries(settings).map(([key, { name, kind, description }]) => {
    const isHidden = kind.secret && values[key] !== null
    const value = isHidden ? '(hidden)' : textOf(values[key], kind.show)
    return { name, description, value: value || null }
  })
}

function textOf(value: unknown, show: (text: string) => string): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.join(',')
  if (typeof value !== 'object') return String(value)
  const place = value as { engine: string; path?: string; url?: string }
  return place.url === undefined ? `${place.engine}:${place.path}` : show(place.url)
}

function refuseUnknown(environment: Environment): void {
  const known = Object.values(settings).map(({ name }) => name)
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || value === undefined || known.includes(name)) continue
    if (clientVariables.has(name) || name.startsWith('CLAIMCHECK_TEST_')) continue
    const meant = suggest(name, known)
    const hint = meant === null ? 'docs/settings.md lists them all' : `did you mean ${meant}?`
    throw new SettingsError(
      `${name} is not a setting of Claimcheck: ${hint}${meant === null ? '.' : ''}`,
    )
  }
}

function readEnvFile(named: string | undefined): Environment {
  const file = named ?? 'claimcheck.env'
  if (named === undefined && !existsSync(file)) return {}
  try {
    return parseEnvFile(readFileSync(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof SettingsError) throw cause

    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const reason = missing ? 'there is no such file' : String(cause)
    throw new SettingsError(`The settings file ${file} cannot be read: ${reason}.`, { cause })
  }
}

/** Node skips the lines that it cannot read; one that names a setting of ours is a mistake to be told. */
function parseEnvFile(text: string, file: string): Environment {
  const parsed = parseEnv(text)
  for (const [index, line] of text.split('\n').entries()) {
    const name = /^\s*(?:export\s+)?(CLAIMCHECK_\w+)/.exec(line)?.[1]
    if (name === undefined || name in parsed) continue
    throw new SettingsError(`${file}: line ${index + 1} must be ${name}=VALUE.`)
  }
  return parsed
}

/** Later ones win; an empty variable hides nothing. */
function withoutEmpty(layers: readonly Environment[]): Environment {
  return Object.fromEntries(
    layers.flatMap((layer) => Object.entries(layer).filter(([, value]) => value)),
  )
}
