import { existsSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { basename, dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Environment } from './config.ts'
import { readDownloadType } from './config-file/download-type.ts'
import { ConfigFileError, Entry } from './config-file/entry.ts'
import type { ConfigPlace } from './config-file/place.ts'
import type { DownloadType } from './core/download-type.ts'
import { siblingModule } from './sibling-module.ts'
import type { PrepareFile } from './workers/prepare-file.ts'
import type { Producer } from './workers/producer.ts'

/** What a config file asks for, checked and ready to run. */
export interface LoadedConfig {
  readonly downloadTypes: ReadonlyMap<string, DownloadType>
  /** By the type's name; those that programs outside produce are not in it. */
  readonly producers: ReadonlyMap<string, Producer>
  /** Brings ordered files within reach; null when the config has no say in it. */
  readonly prepareFile: PrepareFile | null
}

/**
 * Imports a config file (TypeScript or JavaScript) and makes it ready. Nothing is run or opened yet.
 * @param path null when there is no config file: no types
 * @param environment where `{ env: … }` sources and the environments of commands come from
 * @throws ConfigFileError with one sentence that names the file and the key
 */
export async function loadConfigFile(
  path: string | null,
  environment: Environment,
): Promise<LoadedConfig> {
  if (path === null) return { downloadTypes: new Map(), producers: new Map(), prepareFile: null }
  const file = resolve(path)
  if (!existsSync(file)) throw new ConfigFileError(`${path}: there is no such file.`)
  if (!statSync(file).isFile()) throw new ConfigFileError(`${path}: it is not a file.`)
  const exports = await importConfigured(path, file)
  if (!('default' in exports)) {
    throw new ConfigFileError(
      `${path}: it has no default export; write "export default defineConfig({ … })".`,
    )
  }
  return readConfig(exports.default, { file: path, folder: dirname(file), environment })
}

/**
 * Makes a config ready that is already a value, such as the demo's.
 * @throws ConfigFileError with one sentence that names the file and the key
 */
export async function readConfig(config: unknown, place: ConfigPlace): Promise<LoadedConfig> {
  const whole = new Entry(place.file, '', config)
  whole.allow('downloadTypes', 'prepareOrderFile')
  const downloadTypes = new Map<string, DownloadType>()
  const producers = new Map<string, Producer>()
  const types = whole.value('downloadTypes') === undefined ? null : whole.entry('downloadTypes')
  for (const name of types?.keys() ?? []) {
    if (types === null) break
    const read = await readDownloadType(types, name, {
      ...place,
      importModule: (path) => importConfigured(path, resolve(place.folder, path)),
    })
    downloadTypes.set(name, read.type)
    if (read.producer !== null) producers.set(name, read.producer)
  }
  return { downloadTypes, producers, prepareFile: readPrepareFile(whole) }
}

function readPrepareFile(whole: Entry): PrepareFile | null {
  return whole.parsed('prepareOrderFile', 'a function', (value) => {
    if (value === undefined) return none
    return typeof value === 'function' ? { prepare: value as PrepareFile } : null
  }).prepare
}

const none = { prepare: null }

/**
 * Imports a module of the user's. `claimcheck/config` means this very package, wherever the file
 * lies: beside a clone, or in a folder without `node_modules`.
 */
async function importConfigured(label: string, file: string): Promise<Record<string, unknown>> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'claimcheck/config'
        ? { url: siblingModule(import.meta.url, 'define-config').href, shortCircuit: true }
        : next(specifier, context),
  })
  try {
    return await inTime(import(pathToFileURL(file).href))
  } catch (cause) {
    throw new ConfigFileError(`${label}: ${explain(cause, file)}`, { cause })
  } finally {
    hooks.deregister()
  }
}

/** In ms. A module that waits for something at its top level may wait so long. */
const LONGEST_IMPORT = 30_000

class LateImport extends Error {
  override message = `awaits something that has not come within ${LONGEST_IMPORT / 1000} seconds`
}

/** The timer also keeps the process alive: Node ends one that waits for nothing, without a word. */
async function inTime<T>(importing: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new LateImport()), LONGEST_IMPORT)
  try {
    return await Promise.race([importing, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function explain(cause: unknown, file: string): string {
  if (!(cause instanceof Error)) return `it threw ${String(cause)} when it was read.`
  const message = cause.message.trim().replace(/\s+/g, ' ').replace(/\.$/, '')
  const code = 'code' in cause ? cause.code : ''
  if (cause instanceof LateImport) return `it ${message}.`
  if (code === 'ERR_MODULE_NOT_FOUND') return `it imports something that is not there: ${message}.`
  const at = lineIn(cause, file)
  if (cause instanceof SyntaxError || String(code).includes('TYPESCRIPT_SYNTAX')) {
    return `it cannot be read${at}: ${message}.`
  }
  return `it failed when it was read${at}: ${message}.`
}

/** Where in the file, as the stack tells: `file:///…/claimcheck.config.ts:12` or `at …:12:5`. */
function lineIn(error: Error, file: string): string {
  const stack = error.stack ?? ''
  for (const name of [pathToFileURL(file).href, file, basename(file)]) {
    const line = /^:(\d+)/.exec(stack.slice(stack.indexOf(name) + name.length))?.[1]
    if (stack.includes(name) && line !== undefined) return ` at line ${line}`
  }
  return ''
}
