import type { MasterKeys } from '../core/encryption/master-keys.ts'
import { newId } from '../core/ids.ts'
import type { CopiedFiles } from '../core/kept-files/copy-files.ts'
import type { Database } from '../database/database.ts'
import { freeze, frozenFor } from '../database/freeze.ts'
import { listTables } from '../database/list-tables.ts'
import { type MovedTable, moveTables } from '../database/move-tables.ts'
import { countRows } from '../database/table-rows.ts'
import { beginMove, endMove, findUnfinishedMove } from '../database/unfinished-move.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { copyKept } from './copy-kept.ts'
import type { Progress } from './progress.ts'

export interface Move {
  readonly from: Database
  readonly to: Database
  /** Between which the files move; null when the store stays where it is. */
  readonly stores: { readonly from: ObjectStore; readonly to: ObjectStore } | null
  readonly masterKeys: MasterKeys
}

export interface MoveReport {
  readonly tables: readonly MovedTable[]
  readonly files: CopiedFiles | null
}

/**
 * Moves an embedded installation to PostgreSQL, and its files to another store. The files go first,
 * while the installation serves everything; then the old database is frozen, so that from here on it
 * serves reads alone; then the tables go, and the files that have come meanwhile. In the end both
 * sides are read and compared. The old database stays frozen: whatever it took now would be lost.
 *
 * An interrupted move goes on where it stopped; until it has ended no server opens the new database.
 * @throws Error with one sentence for the operator
 */
export async function move(
  { from, to, stores, masterKeys }: Move,
  progress: Progress,
): Promise<MoveReport> {
  const begun = await checkTarget(from, to)
  const copy = async (trust: boolean) => {
    if (stores === null) return null
    return await copyKept(
      stores.from,
      { store: stores.to, masterKeys, database: from, trust },
      progress,
    )
  }
  const early = await copy(false)
  const moveId = begun ?? newId(Date.now())
  if (begun === null) await beginMove(to, moveId)
  await freeze(from, moveId)
  const tables = await moveTables(from, to, {
    signal: progress.signal,
    onProgress: (done, total) => progress.report('copying rows', total === 0 ? 1 : done / total),
  })
  const files = await copy(true)
  if ((await frozenFor(from.kysely)) !== moveId) {
    throw new Error(
      'The move was given up while it ran. Drop the new database: the old one has gone on without it.',
    )
  }
  await endMove(to)
  if (files !== null) files.copied += early?.copied ?? 0
  return { tables, files }
}

/** Returns the move that is to go on; null when it begins. */
async function checkTarget(from: Database, to: Database): Promise<string | null> {
  const begun = await findUnfinishedMove(to)
  const frozen = await frozenFor(from.kysely)
  if (begun !== null && begun === frozen) return begun
  const isEmpty = await holdsNothing(from, to)
  if (begun !== null && frozen === null && isEmpty) return begun
  if (!isEmpty) {
    throw new Error(
      begun === null
        ? 'The new database is in use already: it has rows. Name an empty one.'
        : 'The new database holds a part of another move. Drop it, create it anew, and start again.',
    )
  }
  if (frozen === null) return null
  throw new Error(
    'This installation has been moved to another database, or a move of it has begun there. Go on with that one, or give this one up with "claimcheck migrate --cancel" first.',
  )
}

async function holdsNothing(from: Database, to: Database): Promise<boolean> {
  for (const table of await listTables(from.kysely)) {
    if ((await countRows(to.kysely, table)) > 0) return false
  }
  return true
}
