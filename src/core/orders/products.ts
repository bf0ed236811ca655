import type { Connection } from '../../database/database.ts'
import type { ProductDataType, ProductFileRow, ProductRow } from '../../database/order-tables.ts'
import { type Actor, actorId, demandAdministrator } from '../accounts/actor.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { isFileName } from '../file-name.ts'
import { newId } from '../ids.ts'
import {
  insertStoredFile,
  releaseStoredFiles,
  type StoredBytes,
  type StoredFileFacts,
} from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'
import { comparableOf } from './search-query.ts'

export type PropertyValue = string | number | boolean

export interface NewProduct {
  organizationId: string
  /** As its publisher names it; unique in the organization; 1 to 255 characters. */
  productId: string
  /** The collection it belongs to. */
  dataset: { id: string; label: string }
  /** What it can be found by, beside `productId`, `urn`, `dataset` and `version`. */
  properties?: Readonly<Record<string, PropertyValue | readonly PropertyValue[]>>
  /** At least one. */
  files: readonly NewProductFile[]
}

export interface NewProductFile {
  name: string
  mediaType: string
  dataType: ProductDataType
  /** Safe in the store (`storeBytes`), or a stored file that something else shows already. */
  bytes: StoredBytes | { storedFileId: string }
}

/**
 * Publishes a product: from now on the organization's accounts find it and may order its files.
 * @throws DeliveryError `conflict` when there is one with this id, `invalid` for bad names or no
 *   files, `forbidden` unless the actor is an administrator
 */
export async function publishProduct(
  core: Core,
  actor: Actor,
  product: NewProduct,
): Promise<ProductRow> {
  demandAdministrator(actor, product.organizationId)
  refuseInvalid(product)
  return await transact(core, async (change) => {
    const row = await insertProduct(change, product)
    await insertProperties(change, row, product)
    for (const file of product.files) await insertFile(change, row, file)
    await recordEvents(change, [
      {
        organizationId: row.organization_id,
        ownerId: null,
        actorId: actorId(actor),
        action: 'product.published',
        data: { urn: row.urn, productId: row.product_id, files: product.files.length },
      },
    ])
    return row
  })
}

/**
 * Takes a product back. Orders that hold its files keep them.
 * @throws DeliveryError `not_found`, `forbidden`
 */
export async function withdrawProduct(core: Core, actor: Actor, urn: string): Promise<void> {
  await transact(core, async (change) => {
    const product = await findProduct(change.db, urn)
    if (product === null) throw new DeliveryError('not_found', 'There is no such product.')
    demandAdministrator(actor, product.organization_id)
    const { number } = product
    const files = await change.db
      .deleteFrom('product_files')
      .where('product_number', '=', number)
      .returning('stored_file_id')
      .execute()
    await change.db.deleteFrom('product_properties').where('product_number', '=', number).execute()
    await change.db.deleteFrom('products').where('number', '=', number).execute()
    await releaseStoredFiles(
      change,
      files.map((file) => file.stored_file_id),
    )
    await recordEvents(change, [
      {
        organizationId: product.organization_id,
        ownerId: null,
        actorId: actorId(actor),
        action: 'product.withdrawn',
        data: { urn, productId: product.product_id },
      },
    ])
  })
}

/** A product by its URN; null when there is none. */
export async function findProduct(db: Connection, urn: string): Promise<ProductRow | null> {
  const row = await db.selectFrom('products').selectAll().where('urn', '=', urn).executeTakeFirst()
  return row ?? null
}

/** A product by its publisher's name for it; null when there is none. */
export async function findProductById(
  db: Connection,
  organizationId: string,
  productId: string,
): Promise<ProductRow | null> {
  const row = await db
    .selectFrom('products')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('product_id', '=', productId)
    .executeTakeFirst()
  return row ?? null
}

/** The number of the newest product of the installation; 0 when there is none. */
export async function newestProduct(db: Connection): Promise<number> {
  const row = await db
    .selectFrom('products')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.number ?? 0
}

export interface ProductFilesQuery {
  /** Numbers of products. */
  products: readonly number[]
  /** Of the first of them, only files with a greater number. */
  after: number
  /** Empty for all. */
  dataTypes: readonly ProductDataType[]
  /** At most 1,000. */
  limit: number
}

/** The files of products, in the order of the products and of their own numbers. */
export async function listProductFiles(
  db: Connection,
  query: ProductFilesQuery,
): Promise<ProductFileRow[]> {
  const [first] = query.products
  if (first === undefined) return []
  let rows = db
    .selectFrom('product_files')
    .selectAll()
    .where('product_number', 'in', query.products)
    .where(({ or, eb }) => or([eb('product_number', '>', first), eb('number', '>', query.after)]))
    .orderBy('product_number')
    .orderBy('number')
    .limit(Math.min(query.limit, 1000))
  if (query.dataTypes.length > 0) rows = rows.where('data_type', 'in', query.dataTypes)
  return await rows.execute()
}

/** A published file by its md5 (lower-case hex), with its bytes; null when there is none. */
export async function findProductFile(
  db: Connection,
  productNumber: number,
  md5: string,
): Promise<{ name: string; storedFileId: string; bytes: StoredFileFacts } | null> {
  const row = await db
    .selectFrom('product_files')
    .innerJoin('stored_files', 'stored_files.id', 'product_files.stored_file_id')
    .selectAll('stored_files')
    .select('product_files.name')
    .where('product_files.product_number', '=', productNumber)
    .where('product_files.md5', '=', md5)
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : { name: row.name, storedFileId: row.id, bytes: row }
}

function refuseInvalid(product: NewProduct): void {
  const { productId, dataset, files } = product
  if (!isName(productId)) throw invalid('A product id has 1 to 255 characters.')
  if (!isName(dataset.id) || !isName(dataset.label)) {
    throw invalid('A dataset has an id and a label of 1 to 255 characters.')
  }
  if (files.length === 0) throw invalid('A product has at least one file.')
  if (!files.every((file) => isFileName(file.name))) {
    throw invalid(
      'A file name has 1 to 255 characters without slashes or control characters, and is not "." or "..".',
    )
  }
}

function isName(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.length > 0 && text.length <= 255 && !/[\x00-\x1f\x7f]/.test(text)
}

async function insertProduct(change: Change, product: NewProduct): Promise<ProductRow> {
  const { code } = await change.db
    .selectFrom('organizations')
    .select('code')
    .where('id', '=', product.organizationId)
    .executeTakeFirstOrThrow()
  const row = await change.db
    .insertInto('products')
    .values({
      urn: `URN:AIP:DATA:${code}:${newId(change.now)}:V1`,
      organization_id: product.organizationId,
      product_id: product.productId,
      version: 1,
      dataset: product.dataset.id,
      dataset_label: product.dataset.label,
      created_at: change.now,
    })
    .onConflict((conflict) => conflict.columns(['organization_id', 'product_id']).doNothing())
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) {
    throw new DeliveryError('conflict', `There is a product "${product.productId}" already.`)
  }
  return row
}

async function insertProperties(
  change: Change,
  row: ProductRow,
  product: NewProduct,
): Promise<void> {
  const properties = {
    ...product.properties,
    productId: row.product_id,
    urn: row.urn,
    dataset: [row.dataset, row.dataset_label],
    version: row.version,
  }
  const values = Object.entries(properties).flatMap(([name, value]) =>
    [...new Set([value].flat().map((one) => String(one).toLowerCase()))].map((text) => ({
      product_number: row.number,
      organization_id: row.organization_id,
      name,
      text,
      value: comparableOf(text),
    })),
  )
  await change.db.insertInto('product_properties').values(values).execute()
}

async function insertFile(change: Change, row: ProductRow, file: NewProductFile): Promise<void> {
  const stored =
    'storedFileId' in file.bytes
      ? await change.db
          .selectFrom('stored_files')
          .selectAll()
          .where('id', '=', file.bytes.storedFileId)
          .executeTakeFirst()
      : await insertStoredFile(change, file.bytes, file.mediaType)
  if (stored === undefined) throw new DeliveryError('not_found', 'There is no such stored file.')
  await change.db
    .insertInto('product_files')
    .values({
      product_number: row.number,
      name: file.name,
      media_type: file.mediaType,
      data_type: file.dataType,
      stored_file_id: stored.id,
      size: stored.size,
      md5: stored.md5,
    })
    .execute()
}

function invalid(sentence: string): DeliveryError {
  return new DeliveryError('invalid', sentence)
}
