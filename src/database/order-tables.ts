import type { Generated, Selectable } from 'kysely'

/** What an organization has published and its accounts may order. */
export interface ProductsTable {
  number: Generated<number>
  /** Names it over all installations: `URN:AIP:DATA:<organization code>:<id>:V1`. */
  urn: string
  organization_id: string
  /** As its publisher names it; unique in its organization. */
  product_id: string
  version: number
  /** The collection it belongs to. */
  dataset: string
  dataset_label: string
  created_at: number
}

/** What a product can be found by: one row for each value of each property. */
export interface ProductPropertiesTable {
  product_number: number
  organization_id: string
  name: string
  /** The value as text, in lower case. */
  text: string
  /** The value as a number, dates in ms since the epoch; null for other texts. */
  value: number | null
}

export type ProductDataType = 'RAWDATA' | 'QUICKLOOK'

export interface ProductFilesTable {
  number: Generated<number>
  product_number: number
  name: string
  media_type: string
  data_type: ProductDataType
  stored_file_id: string
  /** In bytes. */
  size: number
  /** Lower-case hex. */
  md5: string
}

/** What an order knows beside its delivery. Its counters change with each of its files. */
export interface OrdersTable {
  delivery_number: number
  owner_id: string
  label: string
  correlation_id: string
  /** JSON of what was asked for. */
  request: string
  /** The next product to look at while the order is being filled, and behind which of its files. */
  fill_product: number
  fill_file: number
  /** The newest product when it was ordered; null when the order is filled. */
  fill_until: number | null
  files: number
  bytes: number
  /** Bytes of files that are no longer pending. */
  treated_bytes: number
  available: number
  delivered: number
  failed: number
  /** Deleted by its owner: its files are gone, it is still listed. */
  deleted_at: number | null
  /** Deleted and then removed: it is listed no more. */
  removed_at: number | null
}

/**
 * `filling` it still takes in files; `waiting` for its turn; `preparing`; `ready`: prepared and
 * waiting to be picked up; `over`: nothing of it is pending or available.
 */
export type OrderBatchState = 'filling' | 'waiting' | 'preparing' | 'ready' | 'over'

/** A sub-order: files of an order that are prepared and picked up together. */
export interface OrderBatchesTable {
  number: Generated<number>
  order_number: number
  owner_id: string
  /** 1 for the first of the order. */
  position: number
  state: OrderBatchState
  /** Its files are those of the order from this position on, `files` of them. */
  first_position: number
  files: number
  bytes: number
  pending: number
  available: number
}

/** The part of an order that comes from one collection. */
export interface OrderDatasetsTable {
  number: Generated<number>
  order_number: number
  dataset: string
  label: string
  objects: number
  files: number
  bytes: number
}

/** What a file of an order knows beside its delivery file. */
export interface OrderFilesTable {
  file_number: number
  order_number: number
  /** 0, 1, 2, … without holes, in the order of the file numbers. */
  position: number
  batch_number: number
  dataset_number: number
  /** 0, 1, 2, … without holes in its dataset. */
  dataset_position: number
  urn: string
  product_id: string
  version: number
  data_type: ProductDataType
  /** Lower-case hex. */
  md5: string
  size: number
}

/** How many files of a stretch of positions are available: level 0 counts 64 positions, each next level 64 times as many. */
export interface OrderCountsTable {
  order_number: number
  level: number
  slot: number
  available: number
}

export type ProductRow = Selectable<ProductsTable>
export type ProductFileRow = Selectable<ProductFilesTable>
export type OrderRow = Selectable<OrdersTable>
export type OrderBatchRow = Selectable<OrderBatchesTable>
export type OrderDatasetRow = Selectable<OrderDatasetsTable>
export type OrderFileRow = Selectable<OrderFilesTable>
