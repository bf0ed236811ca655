import { createKeyRing, type KeyRing } from './auth/key-ring.ts'
import { loadEnvironment, type Settings } from './config.ts'
import type { Core, CoreSettings } from './core/core.ts'
import { createMasterKeys } from './core/encryption/master-keys.ts'
import type { Database } from './database/database.ts'
import { migrate } from './database/migrate.ts'
import { openSqlite } from './database/open-sqlite.ts'
import { refuseUnfinishedMove } from './database/unfinished-move.ts'
import { type LoadedConfig, loadConfigFile } from './load-config.ts'
import { openDiskStore } from './storage/disk.ts'
import type { ObjectStore } from './storage/object-store.ts'
import type { PrepareFile } from './workers/prepare-file.ts'
import type { Producer } from './workers/producer.ts'

/** Everything that a server or a local command works with, opened once. */
export interface Installation {
  readonly settings: Settings
  readonly core: Core
  readonly signingKeys: KeyRing
  readonly producers: ReadonlyMap<string, Producer>
  /** Brings ordered files within reach; null when the configuration has no say in it. */
  readonly prepareFile: PrepareFile | null
  /** Closes in the reverse order of opening. */
  close(): Promise<void>
}

/**
 * Opens the database (and brings its schema up to date), the object store and the configuration.
 * @param given a configuration to use in place of the file that the settings name
 * @throws Error with one sentence for the operator
 */
export async function openInstallation(
  settings: Settings,
  given?: LoadedConfig,
): Promise<Installation> {
  const config = given ?? (await loadConfigFile(settings.config, loadEnvironment()))
  if (settings.encrypt === 'all' && settings.masterKeys.length === 0) {
    throw new Error('CLAIMCHECK_ENCRYPT=all needs a master key: set CLAIMCHECK_MASTER_KEYS.')
  }
  const database = await openDatabase(settings)
  try {
    await refuseUnfinishedMove(database)
    const store = await openStore(settings)
    return {
      settings,
      core: {
        database,
        store,
        masterKeys: createMasterKeys(settings.masterKeys),
        downloadTypes: config.downloadTypes,
        settings: coreSettings(settings),
        turns: new Map(),
      },
      signingKeys: createKeyRing(settings.signingKeys),
      producers: config.producers,
      prepareFile: config.prepareFile,
      async close() {
        await store.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** What the core's operations know of the settings. */
export function coreSettings(settings: Settings): CoreSettings {
  return {
    signedUrlSeconds: settings.signedUrlSeconds,
    leaseSeconds: settings.leaseSeconds,
    jobRetrySeconds: settings.jobRetrySeconds,
    orphanGraceSeconds: settings.orphanGraceSeconds,
    orderBatchBytes: settings.orderBatchBytes,
    orderBatchFiles: settings.orderBatchFiles,
    orderBatchesAtOnce: settings.orderBatchesAtOnce,
    orderMaxFiles: settings.orderMaxFiles,
    orderSeconds: settings.orderSeconds,
    encrypt: settings.encrypt,
    maxDocumentBytes: settings.maxDocumentBytes,
    accountUploads: settings.accountUploads,
    accountUploadBytes: settings.accountUploadBytes,
    accountLinks: settings.accountLinks,
    accountManifests: settings.accountManifests,
    pullMaxBytes: settings.pullMaxBytes,
  }
}

/**
 * Opens the database that the settings name and brings its schema up to date.
 * @throws Error with one sentence for the operator
 */
export async function openDatabase(settings: Settings): Promise<Database> {
  const database = await openEngine(settings)
  try {
    await migrate(database)
    return database
  } catch (error) {
    await database.close()
    const { database: url } = settings
    throw url.engine === 'sqlite' && isSqliteError(error) ? unusable(url.path, error) : error
  }
}

/**
 * Opens the database that the settings name, with the schema that it has.
 * @throws Error with one sentence for the operator
 */
export async function openEngine(settings: Settings): Promise<Database> {
  const { database: url } = settings
  if (url.engine === 'sqlite') return openOrExplain(url.path)
  const { openPostgres } = await import('./database/open-postgres.ts')
  return await openPostgres(url.url, {
    connections: settings.databaseConnections,
    statementSeconds: settings.databaseStatementSeconds,
    connectSeconds: settings.databaseConnectSeconds,
  })
}

function openOrExplain(path: string): Database {
  try {
    return openSqlite(path)
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Error(
    `The database ${path} cannot be used (${reason}). Check that its folder can be written to, or name another with CLAIMCHECK_DATA or CLAIMCHECK_DATABASE_URL.`,
    { cause },
  )
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')
}

/**
 * Opens the store that the settings name.
 * @throws Error with one sentence for the operator
 */
export async function openStore({ storage, ...settings }: Settings): Promise<ObjectStore> {
  if (storage.engine === 'file') return await openDiskStore(storage.path)
  const { s3AccessKeyId: accessKeyId, s3SecretAccessKey: secret, s3SessionToken } = settings
  if (accessKeyId === null || secret === null) {
    throw new Error(
      'A bucket needs credentials: set CLAIMCHECK_S3_ACCESS_KEY_ID and CLAIMCHECK_S3_SECRET_ACCESS_KEY.',
    )
  }
  const { openS3Store } = await import('./storage/s3.ts')
  return await openS3Store(storage.address, {
    credentials: {
      accessKeyId,
      secretAccessKey: secret.text,
      sessionToken: s3SessionToken?.text ?? null,
    },
    encryption: settings.s3Encryption,
    kmsKey: settings.s3KmsKey,
    partBytes: settings.s3PartBytes,
    connections: settings.s3Connections,
    restoreTier: settings.s3RestoreTier,
    patienceMs: STORE_PATIENCE_MS,
    idleMs: STORE_PATIENCE_MS,
  })
}

/** So long a store may be away, and a connection without a move. */
const STORE_PATIENCE_MS = 30_000
