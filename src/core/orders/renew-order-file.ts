import { replaceBytes } from '../delivery-files.ts'
import { insertStoredFile, type StoredBytes } from '../stored-files.ts'
import type { Change } from '../transact.ts'
import { growBatch } from './order-batches.ts'
import { findOrderFile, growDataset, saveFileFacts } from './order-files.ts'
import { addToOrder } from './order-rows.ts'

/**
 * Gives a pending file of an order other bytes than those that were published, and the order the
 * sums that follow from it. One that is not pending any more is left alone, and the bytes are an
 * orphan, which the sweeper removes.
 */
export async function renewOrderFile(
  change: Change,
  number: number,
  bytes: StoredBytes,
): Promise<void> {
  const file = await findOrderFile(change.db, number)
  if (file?.state !== 'pending') return
  const stored = await insertStoredFile(change, bytes, file.media_type)
  await replaceBytes(change, { number, replaced: file.stored_file_id }, stored)
  await saveFileFacts(change, number, stored)
  const growth = stored.size - file.size
  await growBatch(change, file.batch_number, growth)
  await growDataset(change, file.dataset_number, growth)
  await addToOrder(change, file.order_number, { bytes: growth })
}
