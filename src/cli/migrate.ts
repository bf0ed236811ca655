import { existsSync } from 'node:fs'
import type { Settings } from '../config.ts'
import { counted } from '../counted.ts'
import { databaseUrl, type StorageUrl, storageUrl } from '../settings/setting-kinds.ts'
import type { MoveReport } from '../upkeep/move.ts'
import { defineCommand, UsageError } from './command.ts'
import { formatDamaged, refuseDamaged } from './damaged.ts'
import { formatBytes } from './format-bytes.ts'
import { formatTable } from './format-table.ts'
import { localOptions, localSettings, refuseUninitialised } from './local.ts'
import { print } from './print.ts'
import { withProgress } from './progress.ts'

export const migrate = defineCommand({
  description:
    'Moves an embedded installation to PostgreSQL, and with --objects its files to another store, while it serves. Files go first, and the installation takes everything meanwhile; then the old database is frozen: it serves reads, and answers 503 with Retry-After to whatever would change something; then the rows go, and the files that came meanwhile. In the end every row and every file is compared. One that was interrupted goes on with the same command. The old database stays frozen, because what it took now would be lost: start the new nodes, then stop the old one.',
  arguments: [],
  options: {
    from: {
      type: 'string',
      value: 'URL',
      description: 'The embedded database; CLAIMCHECK_DATABASE_URL when left out.',
    },
    to: {
      type: 'string',
      value: 'URL',
      description:
        'An empty PostgreSQL database. The password may stand in PGPASSWORD, or in ~/.pgpass.',
    },
    objects: { type: 'boolean', description: 'Move the files, too.' },
    'from-storage': {
      type: 'string',
      value: 'URL',
      description: 'Where the files are; CLAIMCHECK_STORAGE_URL when left out.',
    },
    'to-storage': {
      type: 'string',
      value: 'URL',
      description: 'Where they go: s3://… with the credentials of the settings, or file:….',
    },
    cancel: {
      type: 'boolean',
      description: 'Give a move up: the old database takes changes again. Drop the new one.',
    },
    ...localOptions,
  },
  examples: [
    {
      command:
        'claimcheck migrate --to postgres://claimcheck@db.example/claimcheck --objects --to-storage "s3://files?endpoint=https://s3.example"',
      description: 'Move what the settings name to a database server and a bucket.',
    },
    {
      command: 'claimcheck migrate --cancel',
      description: 'Stay, after all.',
    },
  ],
  async run({ values }) {
    const settings = localSettings(values)
    refuseUninitialised(settings)
    const from = { ...settings, database: sourceOf(values.from, settings) }
    if (values.cancel === true) return await cancel(from, values.json)
    const to = { ...settings, database: targetOf(values.to) }
    const storage = storageOf(values, settings)
    const report = await run({ from, to, storage })
    print(values.json, report, explain(report))
    refuseDamaged(report.files?.damaged ?? [])
  },
})

function sourceOf(text: string | undefined, settings: Settings) {
  const url = text === undefined ? settings.database : databaseUrl.parse(text)
  if (url?.engine === 'sqlite') {
    if (existsSync(url.path)) return url
    throw new Error(`There is no database at ${url.path}.`)
  }
  const name = text === undefined ? 'CLAIMCHECK_DATABASE_URL' : '--from'
  throw new UsageError(`${name} must be an embedded database, sqlite:<file>.`)
}

function targetOf(text: string | undefined) {
  if (text === undefined) {
    throw new UsageError('Say where it goes: --to postgres://user@host/name.')
  }
  const url = databaseUrl.parse(text)
  if (url?.engine === 'postgres') return url
  throw new UsageError('--to must be a PostgreSQL database, postgres://user@host/name.')
}

interface StorageValues {
  readonly objects?: boolean
  readonly 'from-storage'?: string
  readonly 'to-storage'?: string
}

function storageOf(values: StorageValues, settings: Settings) {
  const { objects, 'from-storage': from, 'to-storage': to } = values
  if (objects !== true) {
    if (from === undefined && to === undefined) return null
    throw new UsageError('--from-storage and --to-storage need --objects.')
  }
  if (to === undefined) throw new UsageError('--objects needs --to-storage URL.')
  return {
    from: from === undefined ? settings.storage : parseStorage('--from-storage', from),
    to: parseStorage('--to-storage', to),
  }
}

function parseStorage(option: string, text: string): StorageUrl {
  const url = storageUrl.parse(text)
  if (url !== undefined) return url
  const shown = storageUrl.show(text)
  throw new UsageError(`${option} "${shown}" is no storage: expected ${storageUrl.expects}.`)
}

async function cancel(from: Settings, json: boolean | undefined): Promise<void> {
  const [{ openEngine }, { thaw }] = await Promise.all([
    import('../open-installation.ts'),
    import('../database/freeze.ts'),
  ])
  const database = await openEngine(from)
  try {
    const wasFrozen = await thaw(database)
    const text = wasFrozen
      ? 'The old database takes changes again. Drop the new one: it must not be used.'
      : 'There is no move to give up.'
    print(json, { canceled: wasFrozen }, text)
  } finally {
    await database.close()
  }
}

interface Run {
  from: Settings
  to: Settings
  storage: { from: StorageUrl; to: StorageUrl } | null
}

async function run({ from, to, storage }: Run): Promise<MoveReport> {
  const [{ openDatabase, openStore }, { move }, { createMasterKeys }] = await Promise.all([
    import('../open-installation.ts'),
    import('../upkeep/move.ts'),
    import('../core/encryption/master-keys.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const open = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> =>
    stack.adopt(await opening, (thing) => thing.close())
  const databases = {
    from: await open(openDatabase(from)),
    to: await open(naming('--to', openDatabase(to))),
  }
  const stores =
    storage === null
      ? null
      : {
          from: await open(openStore({ ...from, storage: storage.from })),
          to: await open(naming('--to-storage', openStore({ ...to, storage: storage.to }))),
        }
  const masterKeys = createMasterKeys(from.masterKeys)
  return await withProgress((progress) => move({ ...databases, stores, masterKeys }, progress))
}

/** What cannot be opened names its setting; it is an option that has said it here. */
async function naming<T>(option: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening
  } catch (error) {
    const settings = /CLAIMCHECK_(?:DATABASE|STORAGE)_URL/g
    if (error instanceof Error) error.message = error.message.replaceAll(settings, option)
    throw error
  }
}

function explain({ tables, files }: MoveReport): string {
  const rows = tables.map(({ name, rows, digest }) => [name, String(rows), digest.slice(0, 16)])
  const sum = tables.reduce((total, table) => total + table.rows, 0)
  return [
    formatTable([['table', 'rows', 'SHA-256'], ...rows]),
    `The same on both sides: ${counted(sum, 'row')}.`,
    ...(files === null
      ? []
      : [
          `In the new store, each compared with its digest: ${counted(files.files, 'file')} (${formatBytes(files.bytes)}). Copied now: ${files.copied}.`,
          ...formatDamaged(files.damaged),
        ]),
    'The old database is frozen now. Set CLAIMCHECK_DATABASE_URL (and CLAIMCHECK_STORAGE_URL) on the new nodes, with the same keys, start them, and stop the old one.',
  ].join('\n')
}
