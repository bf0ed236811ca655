import type { ImportRow } from '../../database/import-tables.ts'
import type { DeliveryFileRow, DeliveryRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { insertDeliveryFiles, listDeliveryFiles } from '../delivery-files.ts'
import { isOver } from '../delivery-state.ts'
import { DeliveryError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { insertStoredFile, type StoredBytes, storeBytes } from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'
import { findOwnImport } from './imports.ts'

/**
 * The result file of an import that is over. One that ended without (cancelled, or given up after
 * its last attempt) is given one here that says so.
 * @throws DeliveryError as `findOwnImport`, and `not_ready` before it is over, `expired` after its time
 */
export async function findImportResult(
  core: Core,
  principal: Principal,
  id: string,
): Promise<DeliveryFileRow> {
  const { delivery, facts } = await findOwnImport(core, principal, id)
  if (delivery.state === 'expired') {
    throw new DeliveryError('expired', 'The time of this result is over.')
  }
  if (!isOver(delivery.state)) {
    throw new DeliveryError('not_ready', `The import is ${delivery.state}; it has no result yet.`)
  }
  const [file] = await listDeliveryFiles(core.database.kysely, delivery.number, { limit: 1 })
  return file ?? (await makeResult(core, delivery, facts))
}

async function makeResult(
  core: Core,
  delivery: DeliveryRow,
  { file_name }: ImportRow,
): Promise<DeliveryFileRow> {
  const reason = delivery.state === 'canceled' ? 'The import was cancelled.' : delivery.message
  const csv = refusalCsv(`${reason ?? 'The import failed.'} Nothing of this file was imported.`)
  const bytes = await storeBytes(core, 'imports', toStream(csv))
  const made = await transact(core, async (change) => {
    const [known] = await listDeliveryFiles(change.db, delivery.number, { limit: 1 })
    if (known !== undefined) return { file: known, isNew: false }
    await insertResult(change, delivery.number, { fileName: file_name, bytes })
    const [file] = await listDeliveryFiles(change.db, delivery.number, { limit: 1 })
    return { file, isNew: true }
  })
  if (!made.isNew) await core.store.remove(bytes.objectKey)
  if (made.file === undefined) throw new Error(`Import ${delivery.number} was given no result.`)
  return made.file
}

async function* toStream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** Gives an import its result file: `users.csv` becomes `users-result.csv`. */
export async function insertResult(
  change: Change,
  deliveryNumber: number,
  { fileName, bytes }: { fileName: string; bytes: StoredBytes },
): Promise<void> {
  const mediaType = 'text/csv; charset=utf-8'
  const stored = await insertStoredFile(change, bytes, mediaType)
  await insertDeliveryFiles(change, [
    {
      deliveryNumber,
      name: `${fileName.replace(/\.csv$/i, '')}-result.csv`,
      mediaType,
      state: 'available',
      storedFileId: stored.id,
      size: stored.size,
    },
  ])
}

/** The result of an import of which no row was looked at: one line that says why. RFC 4180. */
export function refusalCsv(sentence: string): string {
  return `status,message\r\nerror,"${sentence.replaceAll('"', '""')}"\r\n`
}
