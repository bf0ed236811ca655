import { existsSync } from 'node:fs'
import type { Settings } from '../../config.ts'
import type { Core } from '../../core/core.ts'
import { createMasterKeys } from '../../core/encryption/master-keys.ts'
import type { Database } from '../../database/database.ts'
import type { LoadedConfig } from '../../load-config.ts'
import { coreSettings, openEngine, openStore } from '../../open-installation.ts'
import type { ObjectStore } from '../../storage/object-store.ts'
import { checkAddress } from './check-address.ts'
import { checkCertificate } from './check-certificate.ts'
import { checkDatabase } from './check-database.ts'
import { checkKeys } from './check-keys.ts'
import { checkSlowCustomers } from './check-slow-customers.ts'
import { checkSpace } from './check-space.ts'
import { checkStore } from './check-store.ts'
import { checkObjects, checkWork } from './check-work.ts'
import { type Finding, findingsOf, sentenceOf } from './finding.ts'

export interface Examination {
  readonly settings: Settings
  loadConfig(): Promise<LoadedConfig>
  /** Leaves out what looks through the whole store. */
  readonly quick: boolean
  readonly signal: AbortSignal
}

/**
 * Looks at a deployment as it stands, and tells what it finds, check by check. It changes nothing but
 * an object that it puts into the store and takes out again, and never makes what is not there.
 */
export async function* examine(examination: Examination): AsyncGenerator<Finding> {
  const { settings } = examination
  yield findingsOf('node').ok(`Node.js ${process.version} on ${process.platform}-${process.arch}.`)
  yield* checkKeys(settings)
  yield await checkConfig(examination)
  yield* checkSpace(settings)
  yield* await checkSlowCustomers(settings)
  await using stack = new AsyncDisposableStack()
  const database = await opened('database', openDatabase(settings))
  const store = await opened('store', openExistingStore(settings))
  if (isFinding(database)) yield database
  else {
    stack.adopt(database, (one) => one.close())
    yield* checkDatabase(database, settings)
  }
  if (isFinding(store)) yield store
  else {
    stack.adopt(store, (one) => one.close())
    yield* checkStore(store)
  }
  if (!isFinding(database) && !isFinding(store)) {
    yield* examineCore(coreOf(settings, database, store), examination)
  }
  yield* await checkCertificate(settings)
  yield* await checkAddress(settings)
}

async function checkConfig({ settings, loadConfig }: Examination): Promise<Finding> {
  const { ok, fail } = findingsOf('config-file')
  if (settings.config === null) return ok('None: there are no download types.')
  try {
    const { downloadTypes } = await loadConfig()
    const names = [...downloadTypes.keys()].join(', ')
    return ok(`${settings.config} makes ready: ${names || 'no download type'}.`)
  } catch (error) {
    return fail(sentenceOf(error), 'The server does not start with it: mend it.')
  }
}

async function openDatabase(settings: Settings): Promise<Database> {
  const { database } = settings
  if (database.engine === 'sqlite' && !existsSync(database.path)) {
    throw new Error(`There is no database at ${database.path}.`)
  }
  return await openEngine(settings)
}

async function openExistingStore(settings: Settings): Promise<ObjectStore> {
  const { storage } = settings
  if (storage.engine === 'file' && !existsSync(storage.path)) {
    throw new Error(`There is no folder at ${storage.path}.`)
  }
  return await openStore(settings)
}

async function opened<T>(check: string, opening: Promise<T>): Promise<T | Finding> {
  try {
    return await opening
  } catch (error) {
    const todo = 'Run "claimcheck init" where there is nothing yet; else mend what it says.'
    return findingsOf(check).fail(sentenceOf(error), todo)
  }
}

function isFinding(thing: object): thing is Finding {
  return 'verdict' in thing
}

async function* examineCore(core: Core, { quick, signal }: Examination): AsyncGenerator<Finding> {
  try {
    yield* checkWork(core)
    if (!quick) yield* checkObjects(core, signal)
  } catch (error) {
    signal.throwIfAborted()
    const todo = 'A schema that is not up to date has other tables: start a server of this version.'
    yield findingsOf('work').fail(sentenceOf(error), todo)
  }
}

function coreOf(settings: Settings, database: Database, store: ObjectStore): Core {
  return {
    database,
    store,
    masterKeys: createMasterKeys(settings.masterKeys),
    downloadTypes: new Map(),
    turns: new Map(),
    settings: coreSettings(settings),
  }
}
