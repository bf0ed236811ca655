import type { OrderRow } from '../../database/order-tables.ts'
import type { DeliveryRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { findBytes, findDeliveryFile } from '../delivery-files.ts'
import { DeliveryError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import type { StoredFileFacts } from '../stored-files.ts'
import { findBatch } from './order-batches.ts'
import {
  countAvailableBefore,
  type FileOfOrder,
  findDataset,
  findHeldFile,
  findOrderFile,
  listAvailableFiles,
  listDatasetFiles,
  listOrderFilesWithDigest,
} from './order-files.ts'
import { demandMayOrder, demandOwnOrder } from './orders.ts'
import { findProduct, findProductFile } from './products.ts'

export interface Page {
  offset: number
  /** At most 1,000. */
  limit: number
}

/** A page of an order's files. */
export interface FilesPage {
  delivery: DeliveryRow
  order: OrderRow
  files: FileOfOrder[]
  total: number
}

/**
 * The files of an order that are available and were not picked up yet.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function pageAvailable(
  core: Core,
  principal: Principal,
  { order: number, page }: { order: number; page: Page },
): Promise<FilesPage> {
  const found = await demandOwnOrder(core, principal, { number, action: 'read' })
  const files = await listAvailableFiles(core.database, number, page)
  return { ...found, files, total: found.order.available }
}

/**
 * The same of one sub-order. Its own state says whether the page's order is over.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function pageAvailableOfBatch(
  core: Core,
  principal: Principal,
  { order: number, batch: batchNumber, page }: { order: number; batch: number; page: Page },
): Promise<FilesPage & { isBatchOver: boolean }> {
  const db = core.database.kysely
  const found = await demandOwnOrder(core, principal, { number, action: 'read' })
  const batch = await findBatch(db, batchNumber)
  if (batch === null || batch.order_number !== number) {
    throw new DeliveryError('not_found', 'The order has no sub-order with this id.')
  }
  const total = batch.available
  const limit = Math.max(0, Math.min(page.limit, total - page.offset))
  const before =
    limit === 0 ? 0 : await countAvailableBefore(core.database, number, batch.first_position)
  const files =
    limit === 0
      ? []
      : await listAvailableFiles(core.database, number, { offset: before + page.offset, limit })
  return { ...found, files, total, isBatchOver: batch.pending === 0 && batch.state !== 'filling' }
}

/**
 * All files of one dataset's part of an order, whatever their state.
 * @throws DeliveryError `not_found`, `not_yours`
 */
export async function pageDataset(
  core: Core,
  principal: Principal,
  { order: number, dataset, page }: { order: number; dataset: number; page: Page },
): Promise<FilesPage> {
  const db = core.database.kysely
  const found = await demandOwnOrder(core, principal, { number, action: 'read' })
  const part = await findDataset(db, number, dataset)
  if (part === null) {
    throw new DeliveryError('not_found', 'The order has no dataset with this id.')
  }
  const files = await listDatasetFiles(db, dataset, page)
  return { ...found, files, total: part.files }
}

/** All files of an order in order, read as they are asked for. */
export async function* eachFile(
  core: Core,
  number: number,
): AsyncGenerator<FileOfOrder & { sha256: string | null }> {
  const limit = 500
  for (let from = 0; ; from += limit) {
    const files = await listOrderFilesWithDigest(core.database.kysely, number, { from, limit })
    yield* files
    if (files.length < limit) return
  }
}

/** A file of an order with its bytes. */
export interface OpenedFile {
  file: FileOfOrder
  bytes: StoredFileFacts
}

/**
 * One file of an order, to be sent.
 * @throws DeliveryError `not_found`, `not_yours`, `not_ready` while it is pending, `invalid` when it
 *   has failed, `expired` when the order is over its time or was deleted
 */
export async function openOrderFile(
  core: Core,
  principal: Principal,
  number: number,
): Promise<OpenedFile> {
  const db = core.database.kysely
  const found = await findDeliveryFile(db, number)
  const file = found?.delivery.kind === 'order' ? await findOrderFile(db, number) : null
  if (file === null) throw new DeliveryError('not_found', 'There is no file with this id.')
  const { delivery, order } = await demandOwnOrder(core, principal, {
    number: file.order_number,
    action: 'read',
  })
  const isGone = order.deleted_at !== null || isWithoutFiles(delivery)
  if (isGone || file.state === 'expired') {
    throw new DeliveryError('expired', 'The time of this order is over, or it was deleted.')
  }
  if (file.state === 'pending') throw new DeliveryError('not_ready', 'The file is not ready yet.')
  const bytes = file.state === 'failed' ? null : await findBytes(core, number)
  if (bytes === null) {
    throw new DeliveryError('invalid', file.message ?? 'The file could not be prepared.')
  }
  return { file, bytes }
}

function isWithoutFiles({ state }: DeliveryRow): boolean {
  return state === 'expired' || state === 'canceled'
}

/** A published file with its bytes. */
export interface OpenedProductFile {
  name: string
  storedFileId: string
  bytes: StoredFileFacts
}

/**
 * A file of a published product, for whoever may order it or holds it in an order.
 * @param md5 in hex of either case
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden` without the permission to order
 */
export async function openProductFile(
  core: Core,
  principal: Principal,
  { urn, md5 }: { urn: string; md5: string },
): Promise<OpenedProductFile> {
  const db = core.database.kysely
  const key = { urn, md5: md5.toLowerCase() }
  const held = await findHeldFile(db, principal.accountId, key)
  if (held !== null) return await openHeld(core, held)
  const product = await findProduct(db, urn)
  // Of another organization's product it is not told that it exists.
  if (product === null || product.organization_id !== principal.organizationId) {
    throw new DeliveryError('not_found', 'There is no product with this URN.')
  }
  demandMayOrder(principal)
  const found = await findProductFile(db, product.number, key.md5)
  if (found === null) {
    throw new DeliveryError('not_found', 'The product has no file with this checksum.')
  }
  return found
}

/** What somebody has ordered and not lost is theirs, also when its product was withdrawn since. */
async function openHeld(core: Core, file: FileOfOrder): Promise<OpenedProductFile> {
  const bytes = await findBytes(core, file.file_number)
  if (bytes === null || file.stored_file_id === null) {
    throw new DeliveryError('not_found', 'The file is gone.')
  }
  return { name: file.name, storedFileId: file.stored_file_id, bytes }
}
