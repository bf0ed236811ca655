import { type Environment, loadEnvironment, readSettings, type Settings } from '../config.ts'
import type { LoadedConfig } from '../load-config.ts'
import type { Installation } from '../open-installation.ts'
import type { Options } from './command.ts'

export const jsonOption = {
  json: { type: 'boolean', description: 'Print one JSON document instead of text.' },
} as const satisfies Options

/** Of the commands that run a server. */
export const portOption = {
  port: {
    type: 'string',
    value: 'PORT',
    description: 'The port to listen on, 0 for any; stands above CLAIMCHECK_PORT.',
  },
} as const satisfies Options

/** What every command takes that works on the installation itself, not over HTTP. */
export const localOptions = {
  data: {
    type: 'string',
    value: 'FOLDER',
    description: 'The data folder; stands above CLAIMCHECK_DATA.',
  },
  // Not --env-file: Node takes that one for itself, wherever it stands on the command line.
  settings: {
    type: 'string',
    value: 'PATH',
    description: 'Read the settings from this file instead of ./claimcheck.env.',
  },
  ...jsonOption,
} as const satisfies Options

export interface LocalValues {
  readonly data?: string
  readonly settings?: string
  readonly host?: string
  readonly port?: string
  readonly config?: string
}

/** The variables in force: the command's own options, the process, the env file. */
export function localEnvironment(values: LocalValues): Environment {
  return loadEnvironment({
    envFile: values.settings,
    overrides: Object.fromEntries(overridden.map(([name, option]) => [name, values[option]])),
  })
}

/** @throws SettingsError */
export function localSettings(values: LocalValues): Settings {
  const given = overridden.filter(([, option]) => values[option] !== undefined)
  const labels = Object.fromEntries(given.map(([name, option]) => [name, `--${option}`]))
  return readSettings(localEnvironment(values), labels)
}

const overridden = [
  ['CLAIMCHECK_DATA', 'data'],
  ['CLAIMCHECK_HOST', 'host'],
  ['CLAIMCHECK_PORT', 'port'],
  ['CLAIMCHECK_CONFIG', 'config'],
] as const

/**
 * Opens the installation for a piece of work and closes it after, however it ended. What customers may
 * ask for is not read: a mistake there must not keep anybody from shutting an account out.
 */
export async function withInstallation<T>(
  values: LocalValues,
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const settings = localSettings(values)
  refuseUninitialised(settings)
  const { openInstallation } = await import('../open-installation.ts')
  const installation = await openInstallation({ ...settings, config: null })
  try {
    return await work(installation)
  } finally {
    await installation.close()
  }
}

/** The config file; its `{ env: … }` sources may stand in the settings file that the command names. */
export async function localConfig(settings: Settings, values: LocalValues): Promise<LoadedConfig> {
  const { loadConfigFile } = await import('../load-config.ts')
  return await loadConfigFile(settings.config, localEnvironment(values))
}

/**
 * Without keys nobody has run `init`, and to open the database would create one in the wrong place.
 * @throws Error with a sentence that says so
 */
export function refuseUninitialised(settings: Settings): void {
  if (settings.signingKeys.length > 0 && settings.masterKeys.length > 0) return
  throw new Error(
    'Claimcheck is not initialised here: run "claimcheck init" in this folder, or name its settings file with --settings PATH.',
  )
}
