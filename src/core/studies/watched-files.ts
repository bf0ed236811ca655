import type { WatchedFileRow } from '../../database/study-tables.ts'
import type { Core } from '../core.ts'
import { transact } from '../transact.ts'

/** What the watched folder has published of these names of one folder, at most 1,000. */
export async function findWatched(
  core: Core,
  folder: string,
  names: readonly string[],
): Promise<Map<string, WatchedFileRow>> {
  if (names.length === 0) return new Map()
  const rows = await core.database.kysely
    .selectFrom('watched_files')
    .selectAll()
    .where('folder', '=', folder)
    .where('name', 'in', names)
    .execute()
  return new Map(rows.map((row) => [row.name, row]))
}

/** What it has published of a folder, in the order of the names, at most 500. */
export async function listWatched(
  core: Core,
  folder: string,
  after: string | null,
): Promise<WatchedFileRow[]> {
  let rows = core.database.kysely
    .selectFrom('watched_files')
    .selectAll()
    .where('folder', '=', folder)
    .orderBy('name')
    .limit(500)
  if (after !== null) rows = rows.where('name', '>', after)
  return await rows.execute()
}

export type NewWatchedFile = Pick<WatchedFileRow, 'name' | 'fingerprint' | 'file_number'>

/** Remembers that these files are published, at most 1,000. */
export async function rememberWatched(
  core: Core,
  folder: string,
  files: readonly NewWatchedFile[],
): Promise<void> {
  if (files.length === 0) return
  await transact(core, async (change) => {
    await change.db
      .insertInto('watched_files')
      .values(files.map((file) => ({ ...file, folder, published_at: change.now })))
      .onConflict((conflict) =>
        conflict.columns(['folder', 'name']).doUpdateSet((eb) => ({
          fingerprint: eb.ref('excluded.fingerprint'),
          file_number: eb.ref('excluded.file_number'),
          published_at: eb.ref('excluded.published_at'),
        })),
      )
      .execute()
  })
}

/** Forgets files that have gone from the folder. */
export async function forgetWatched(
  core: Core,
  folder: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  await transact(core, async (change) => {
    await change.db
      .deleteFrom('watched_files')
      .where('folder', '=', folder)
      .where('name', 'in', names)
      .execute()
  })
}
