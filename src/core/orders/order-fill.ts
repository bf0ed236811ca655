import type {
  OrderBatchRow,
  OrderDatasetRow,
  OrderFileRow,
  OrderRow,
  ProductDataType,
  ProductFileRow,
  ProductRow,
} from '../../database/order-tables.ts'
import { holdAccount } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { insertDeliveryFiles } from '../delivery-files.ts'
import type { Change } from '../transact.ts'
import { compileFileNamePattern } from './file-name-pattern.ts'
import { lastBatch, openBatch, saveBatch, startBatches } from './order-batches.ts'
import { insertOrderFiles, listOrderFiles, openDataset, saveDataset } from './order-files.ts'
import { settleOrder } from './order-progress.ts'
import { addToOrder, demandOrder, saveFill } from './order-rows.ts'
import { type FoundProducts, searchProducts } from './product-search.ts'
import { listProductFiles } from './products.ts'
import { parseSearchQueries } from './search-query.ts'

/** Which files are ordered. */
export interface OrderWish {
  queries: readonly string[]
  /** Empty for all. */
  dataTypes: readonly ProductDataType[]
  /** What the whole of a file's name must match; null for all. */
  fileNamePattern: string | null
}

/** Files looked at in one step. */
const STEP = 1000

/** Where a look over the ordered files has come to. */
export interface FillCursor {
  product: number
  file: number
}

export interface WishedFiles {
  products: ReadonlyMap<number, ProductRow>
  /** In the order of the products. */
  files: ProductFileRow[]
  /** Null at the end. */
  next: FillCursor | null
}

/** One step over the files that are wished for: at most 1,000 are looked at. */
export async function nextWishedFiles(
  db: Change['db'] | Core['database']['kysely'],
  wish: OrderWish,
  at: { organizationId: string; cursor: FillCursor; until: number },
): Promise<WishedFiles> {
  const { organizationId, cursor, until } = at
  const search = {
    organizationId,
    query: parseSearchQueries(wish.queries),
    from: cursor.product,
    until,
  }
  const found = await searchProducts(db, search)
  const isResumed = found.products[0]?.number === cursor.product
  const files = await listProductFiles(db, {
    products: found.products.map((product) => product.number),
    after: isResumed ? cursor.file : 0,
    dataTypes: wish.dataTypes,
    limit: STEP,
  })
  const matches = compileFileNamePattern(wish.fileNamePattern)
  return {
    products: new Map(found.products.map((product) => [product.number, product])),
    files: files.filter((file) => matches(file.name)),
    next: nextCursor(found, files),
  }
}

function nextCursor(found: FoundProducts, files: readonly ProductFileRow[]): FillCursor | null {
  const last = files.at(-1)
  if (files.length === STEP && last !== undefined) {
    return { product: last.product_number, file: last.number }
  }
  return found.next === null ? null : { product: found.next, file: 0 }
}

/**
 * Gives an order its next files, cut into sub-orders, and starts those whose turn it is. True when
 * the order has all of its files.
 */
export async function fillOrder(
  core: Core,
  change: Change,
  order: OrderRow,
  organizationId: string,
): Promise<boolean> {
  if (order.fill_until === null) return true
  await holdAccount(change, order.owner_id)
  const wished = await nextWishedFiles(change.db, JSON.parse(order.request) as OrderWish, {
    organizationId,
    cursor: { product: order.fill_product, file: order.fill_file },
    until: order.fill_until,
  })
  await addFiles(core, change, { order, wished })
  const { next } = wished
  await saveFill(change, order.delivery_number, {
    fill_product: next?.product ?? order.fill_product,
    fill_file: next?.file ?? order.fill_file,
    fill_until: next === null ? null : order.fill_until,
  })
  if (next === null) await settleOrder(change, await demandOrder(change.db, order.delivery_number))
  await startBatches(core, change, order.owner_id)
  return next === null
}

interface Filling {
  order: OrderRow
  wished: WishedFiles
}

async function addFiles(core: Core, change: Change, { order, wished }: Filling): Promise<void> {
  const { products, files, next } = wished
  const cutter = createCutter(core, change, order)
  const datasets = new Map<string, OrderDatasetRow>()
  let urn = await lastUrn(change, order)
  const rows: Omit<OrderFileRow, 'file_number'>[] = []
  const batches: number[] = []
  for (const file of files) {
    const product = products.get(file.product_number) as ProductRow
    const dataset =
      datasets.get(product.dataset) ??
      (await openDataset(change, order.delivery_number, {
        dataset: product.dataset,
        label: product.dataset_label,
      }))
    datasets.set(product.dataset, dataset)
    const position = order.files + rows.length
    const batch = await cutter.place(position, file.size)
    batches.push(batch.position)
    rows.push({
      batch_number: batch.number,
      order_number: order.delivery_number,
      position,
      dataset_number: dataset.number,
      dataset_position: dataset.files,
      urn: product.urn,
      product_id: product.product_id,
      version: product.version,
      data_type: file.data_type,
      md5: file.md5,
      size: file.size,
    })
    dataset.objects += product.urn === urn ? 0 : 1
    dataset.files += 1
    dataset.bytes += file.size
    urn = product.urn
  }
  const numbers = await insertDeliveryFiles(
    change,
    files.map((file, index) => ({
      deliveryNumber: order.delivery_number,
      batch: batches[index] ?? 0,
      name: file.name,
      mediaType: file.media_type,
      state: 'pending',
      storedFileId: file.stored_file_id,
      size: file.size,
    })),
  )
  await insertOrderFiles(
    change,
    rows.map((row, index) => ({ ...row, file_number: numbers[index] ?? 0 })),
  )
  for (const dataset of datasets.values()) await saveDataset(change, dataset)
  await cutter.end({ close: next === null })
  await addToOrder(change, order.delivery_number, {
    files: rows.length,
    bytes: rows.reduce((sum, row) => sum + row.size, 0),
  })
}

/** The product of the order's last file: its objects are counted once, though it comes in two steps. */
async function lastUrn(change: Change, order: OrderRow): Promise<string | null> {
  if (order.files === 0) return null
  const [last] = await listOrderFiles(change.db, order.delivery_number, {
    from: order.files - 1,
    limit: 1,
  })
  return last?.urn ?? null
}

/** Cuts files into sub-orders: one is closed when it has reached either limit. */
function createCutter(core: Core, change: Change, order: OrderRow) {
  const { orderBatchBytes, orderBatchFiles } = core.settings
  let open: OrderBatchRow | null = null
  let count: number | null = null

  async function resume(): Promise<number> {
    const last = await lastBatch(change.db, order.delivery_number)
    if (last?.state === 'filling') open = last
    return last?.position ?? 0
  }

  async function close(batch: OrderBatchRow): Promise<void> {
    await saveBatch(change, { ...batch, state: 'waiting' })
    open = null
  }

  return {
    async place(position: number, size: number): Promise<OrderBatchRow> {
      count ??= await resume()
      if (open === null) {
        count += 1
        open = await openBatch(change, {
          order_number: order.delivery_number,
          owner_id: order.owner_id,
          position: count,
          first_position: position,
        })
      }
      const batch: OrderBatchRow = open
      batch.files += 1
      batch.pending += 1
      batch.bytes += size
      if (batch.bytes >= orderBatchBytes || batch.files >= orderBatchFiles) await close(batch)
      return batch
    },
    async end(options: { close: boolean }): Promise<void> {
      count ??= await resume()
      if (open === null) return
      if (options.close) await close(open)
      else await saveBatch(change, open)
    },
  }
}
