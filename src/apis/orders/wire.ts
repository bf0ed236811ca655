import { randomUUID } from 'node:crypto'
import { DeliveryError } from '../../core/errors.ts'
import { type OrderAction, orderActions } from '../../core/orders/order-actions.ts'
import type { FileOfOrder } from '../../core/orders/order-files.ts'
import { orderProgress } from '../../core/orders/order-progress.ts'
import type { NewOrder, OrderView } from '../../core/orders/orders.ts'
import type { ProductDataType } from '../../database/order-tables.ts'
import type { DeliveryFileState, DeliveryState } from '../../database/tables.ts'

/** `documented`: what the document says; `shipped`: what the live system does. */
export type OrdersProfile = 'documented' | 'shipped'

/** Where links begin: `https://host/api/v1`. */
export type Base = string

/** REGARDS' order statuses. */
const statuses = {
  pending: 'PENDING',
  running: 'RUNNING',
  paused: 'PAUSED',
  done: 'DONE',
  incomplete: 'DONE_WITH_WARNING',
  failed: 'FAILED',
  canceled: 'DELETED',
  expired: 'EXPIRED',
} as const satisfies Record<DeliveryState, string>

const fileStates = {
  pending: 'PENDING',
  available: 'AVAILABLE',
  delivered: 'DOWNLOADED',
  failed: 'ERROR',
  // The live system deletes the files of an expired order.
  expired: 'ERROR',
} as const satisfies Record<DeliveryFileState, string>

/** A file as the document prints it. */
export function toDocumentedFile(file: FileOfOrder, base: Base) {
  return {
    productId: file.product_id,
    checksum: file.md5,
    fileSize: file.size,
    filename: file.name,
    mimeType: file.media_type,
    uri: `${base}/rs-catalog/${encodeUrn(file.urn)}/files/${file.md5}`,
  }
}

/** `OrderDataFileDTO` of the live system: its link counts the download. */
export function toShippedFile(file: FileOfOrder, base: Base) {
  return {
    id: file.file_number,
    productId: file.product_id,
    version: file.version,
    downloadUrl: `${base}/rs-order/orders/files/${file.file_number}`,
    mimeType: file.media_type,
    checksum: file.md5,
    filesize: file.size,
    filename: file.name,
  }
}

/** A file among all of a dataset, with its state: the live system's `OrderDataFile`. */
export function toAnyFile(file: FileOfOrder, base: Base) {
  return {
    id: file.file_number,
    orderId: file.order_number,
    filesTaskId: file.batch_number,
    state: fileStates[file.state],
    ...(file.message === null ? {} : { downloadError: file.message }),
    uri: `${base}/rs-catalog/${encodeUrn(file.urn)}/files/${file.md5}`,
    url: `${base}/rs-order/orders/files/${file.file_number}`,
    ipId: file.urn,
    productId: file.product_id,
    version: file.version,
    dataType: file.data_type === 'QUICKLOOK' ? 'QUICKLOOK_SD' : file.data_type,
    mimeType: file.media_type,
    filename: file.name,
    filesize: file.size,
    checksum: file.md5,
    digestAlgorithm: 'MD5',
    online: true,
    reference: false,
  }
}

/** `OrderDto` of the live system. */
function toOrder({ delivery, order, datasets, isWaitingForUser }: OrderView, owner: string) {
  return {
    id: delivery.number,
    owner,
    label: order.label,
    creationDate: new Date(delivery.created_at).toISOString(),
    ...(delivery.expires_at === null
      ? {}
      : { expirationDate: new Date(delivery.expires_at).toISOString() }),
    percentCompleted: Math.floor(100 * orderProgress(order)),
    filesInErrorCount: order.failed,
    availableFilesCount: order.available,
    status: order.deleted_at === null ? statuses[delivery.state] : 'DELETED',
    statusDate: new Date(delivery.updated_at).toISOString(),
    waitingForUser: isWaitingForUser,
    datasetTasks: datasets.map((dataset) => ({
      id: dataset.number,
      datasetLabel: dataset.label,
      objectsCount: dataset.objects,
      filesCount: dataset.files,
      filesSize: dataset.bytes,
    })),
  }
}

export interface Link {
  rel: string
  href: string
}

const actionPaths = {
  pause: (id) => `pause/${id}`,
  resume: (id) => `resume/${id}`,
  restart: (id) => `${id}/restart`,
  retry: (id) => `${id}/retry`,
  delete: (id) => `${id}`,
  remove: (id) => `remove/${id}`,
} as const satisfies Record<OrderAction, (id: number) => string>

/** An order with links to what can be done with it now. */
export function toOrderModel(view: OrderView, { base, owner }: { base: Base; owner: string }) {
  const { delivery, order } = view
  const orders = `${base}/rs-order/user/orders`
  const links: Link[] = [
    { rel: 'self', href: `${orders}/${delivery.number}` },
    { rel: 'list', href: orders },
  ]
  if (order.available > 0) {
    links.push({ rel: 'download', href: `${orders}/${delivery.number}/download` })
  }
  for (const action of orderActions(delivery, order)) {
    links.push({ rel: action, href: `${orders}/${actionPaths[action](delivery.number)}` })
  }
  return { content: toOrder(view, owner), links }
}

/**
 * Reads the body of an order request. Members that the document does not name are ignored.
 * @throws DeliveryError `invalid` that names the member
 */
export function fromOrderRequest(body: unknown): Omit<NewOrder, 'label' | 'idempotencyKey'> {
  if (!isObject(body)) throw invalid('The body must be an object.')
  const { queries, filters, correlationId, user, sizeLimitInBytes } = body
  if (!isTexts(queries) || queries.length === 0) {
    throw invalid('"queries" must be a list of one query or more.')
  }
  if (queries.length > 100) throw invalid('"queries" has at most 100 queries.')
  if (!isShortText(correlationId, 255)) {
    throw invalid('"correlationId" must be a text of at most 255 characters.')
  }
  if (!isShortText(user, 128)) throw invalid('"user" must be a text of at most 128 characters.')
  return {
    queries,
    ...fromFilters(filters),
    correlationId: correlationId || randomUUID(),
    maxBytes: fromSizeLimit(sizeLimitInBytes),
  }
}

function fromFilters(filters: unknown): Pick<NewOrder, 'dataTypes' | 'fileNamePattern'> {
  if (filters === undefined || filters === null) return { dataTypes: [], fileNamePattern: null }
  if (!isObject(filters)) throw invalid('"filters" must be an object.')
  const { dataTypes = [], filenameRegExp: pattern = null } = filters
  if (!isTexts(dataTypes) || !dataTypes.every(isDataType)) {
    throw invalid('"filters.dataTypes" must be a list of RAWDATA and QUICKLOOK.')
  }
  if (pattern !== null && typeof pattern !== 'string') {
    throw invalid('"filters.filenameRegExp" must be a text.')
  }
  return { dataTypes: [...new Set(dataTypes)], fileNamePattern: pattern || null }
}

function fromSizeLimit(limit: unknown): number | null {
  if (limit === undefined || limit === null) return null
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0) return limit
  throw invalid('"sizeLimitInBytes" must be a number of bytes.')
}

function isDataType(text: string): text is ProductDataType {
  return text === 'RAWDATA' || text === 'QUICKLOOK'
}

/** Also absent: these members are optional. */
function isShortText(value: unknown, longest: number): value is string | null | undefined {
  return (
    value === undefined || value === null || (typeof value === 'string' && value.length <= longest)
  )
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(sentence: string): DeliveryError {
  return new DeliveryError('invalid', sentence)
}

/** Colons may stand in a path, and the document's URNs have them. */
function encodeUrn(urn: string): string {
  return encodeURIComponent(urn).replaceAll('%3A', ':')
}
