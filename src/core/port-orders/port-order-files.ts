import type { Connection } from '../../database/database.ts'
import type { PortOrderFileRow, PortOrderFileStatus } from '../../database/port-order-tables.ts'
import type { DeliveryFileRow, GrantRow, StoredFileRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import {
  failDeliveryFile,
  fillDeliveryFile,
  findDeliveryFile,
  insertDeliveryFile,
} from '../delivery-files.ts'
import { DeliveryError } from '../errors.ts'
import { recordEvents } from '../events/events.ts'
import { isFileName } from '../file-name.ts'
import { grantFile, grantUpload } from '../grants/grants.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import { mediaTypeOfName } from '../media-type.ts'
import type { Principal } from '../principal.ts'
import { type Change, transact } from '../transact.ts'
import { demandOpenOrder, demandPortOrder } from './port-orders.ts'

/** The kind of job that pulls a document from a URL. */
export const PULL_JOB = 'port-order-pull'

/** A document of a port order. */
export interface PortOrderDocument {
  file: DeliveryFileRow
  facts: PortOrderFileRow
}

/** How many documents one order may have. */
const MOST_DOCUMENTS = 1000

/**
 * Announces a document that the customer will put to a signed URL.
 * @param name a file name, or a path that ends in one
 * @throws DeliveryError as `demandOpenOrder`; `invalid` for a name that is none, `limit_reached`
 */
export async function announceUpload(
  core: Core,
  principal: Principal,
  { number, name, expiredStatus }: { number: number; name: string; expiredStatus: 401 | 403 },
): Promise<{ document: PortOrderDocument; grant: GrantRow }> {
  return await transact(core, async (change) => {
    await demandOpenOrder(change.db, principal, number)
    const document = await insertDocument(change, number, { givenName: name, originalUrl: null })
    const found = await findDeliveryFile(change.db, document.file.number)
    if (found === null) throw new Error('The document that was just written is not there.')
    const grant = await grantUpload(core, change, { principal, into: found, expiredStatus })
    return { document, grant }
  })
}

/**
 * Has a document pulled from a URL, which is done by a job.
 * @throws DeliveryError as `announceUpload`
 */
export async function requestPull(
  core: Core,
  principal: Principal,
  { number, url, name }: { number: number; url: string; name: string },
): Promise<PortOrderDocument> {
  return await transact(core, async (change) => {
    const order = await demandOpenOrder(change.db, principal, number)
    const document = await insertDocument(change, number, { givenName: name, originalUrl: url })
    await enqueueJob(change, {
      kind: PULL_JOB,
      queue: 'pulls',
      organizationId: order.organization_id,
      accountId: order.owner_id,
      payload: { file: document.file.number },
      maxAttempts: 5,
    })
    return document
  })
}

async function insertDocument(
  change: Change,
  order: number,
  { givenName, originalUrl }: { givenName: string; originalUrl: string | null },
): Promise<PortOrderDocument> {
  const name = documentName(givenName)
  const { count } = await change.db
    .selectFrom('port_order_files')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('delivery_number', '=', order)
    .executeTakeFirstOrThrow()
  if (Number(count) >= MOST_DOCUMENTS) {
    throw new DeliveryError(
      'limit_reached',
      `A port order has at most ${MOST_DOCUMENTS} documents.`,
    )
  }
  const file = await insertDeliveryFile(change, {
    deliveryNumber: order,
    name,
    mediaType: mediaTypeOfName(name),
    state: 'pending',
    storedFileId: null,
    size: null,
  })
  const facts = await change.db
    .insertInto('port_order_files')
    .values({
      file_number: file.number,
      delivery_number: order,
      given_name: givenName,
      original_url: originalUrl,
      status: 'pending',
      message: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return { file, facts }
}

/** The last part of a path, of either kind of slashes. */
function documentName(path: string): string {
  const name = path.split(/[/\\]/).at(-1) ?? ''
  if (isFileName(name)) return name
  throw new DeliveryError(
    'invalid',
    '"filename" must end in a file name of 1 to 255 characters without control characters.',
    { details: { field: 'filename' } },
  )
}

/**
 * The documents of an order, in the order of their numbers.
 * @throws DeliveryError `not_found`, `not_yours`, `forbidden`
 */
export async function listDocuments(
  core: Core,
  principal: Principal,
  number: number,
): Promise<PortOrderFileRow[]> {
  const db = core.database.kysely
  await demandPortOrder(db, principal, { number, action: 'read' })
  return (await listDocumentsOf(db, [number])).get(number) ?? []
}

/** The documents of many orders. Whoever calls has asked whether they may be seen. */
export async function listDocumentsOf(
  db: Connection,
  numbers: readonly number[],
): Promise<Map<number, PortOrderFileRow[]>> {
  if (numbers.length === 0) return new Map()
  const rows = await db
    .selectFrom('port_order_files')
    .selectAll()
    .where('delivery_number', 'in', numbers)
    .orderBy('file_number')
    .execute()
  return Map.groupBy(rows, (row) => row.delivery_number)
}

/**
 * A document of an order.
 * @throws DeliveryError `not_found` also when it belongs to another order, `not_yours`, `forbidden`
 */
async function findDocument(
  core: Core,
  principal: Principal,
  { number, file }: { number: number; file: number },
): Promise<PortOrderDocument> {
  const db = core.database.kysely
  await demandPortOrder(db, principal, { number, action: 'read' })
  const found = await findDeliveryFile(db, file)
  const facts = await findDocumentFacts(db, file)
  if (found === null || facts === null || facts.delivery_number !== number) {
    throw new DeliveryError('not_found', 'No such file')
  }
  return { file: found.file, facts }
}

/**
 * Grants the signed URL of a document; null while it has no bytes.
 * @throws DeliveryError as `findDocument`
 */
export async function grantDocument(
  core: Core,
  principal: Principal,
  { number, file, expiredStatus }: { number: number; file: number; expiredStatus: 401 | 403 },
): Promise<{ document: PortOrderDocument; grant: GrantRow | null }> {
  const document = await findDocument(core, principal, { number, file })
  if (document.file.stored_file_id === null) return { document, grant: null }
  return { document, grant: await grantFile(core, principal, { fileNumber: file, expiredStatus }) }
}

/** What is known of a document beside its delivery file; null when the file is none. */
export async function findDocumentFacts(
  db: Connection,
  file: number,
): Promise<PortOrderFileRow | null> {
  const row = await db
    .selectFrom('port_order_files')
    .selectAll()
    .where('file_number', '=', file)
    .executeTakeFirst()
  return row ?? null
}

/**
 * Gives a document its bytes, when its order is open and it has none.
 * @throws DeliveryError `conflict` when it has its bytes already
 */
export async function completeDocument(
  change: Change,
  facts: PortOrderFileRow,
  { stored, actorId }: { stored: StoredFileRow; actorId: string | null },
): Promise<void> {
  const { file_number: number } = facts
  if (!(await fillDeliveryFile(change, number, stored))) {
    throw new DeliveryError('conflict', 'The document is there already.')
  }
  await writeStatus(change, number, { status: 'complete', message: null })
  await recordEvents(change, [
    {
      ...(await organizationOf(change, facts.delivery_number)),
      actorId,
      action: 'file.received',
      deliveryNumber: facts.delivery_number,
      data: { file: number, size: stored.size },
    },
  ])
}

/** Notes how far the pulling of a document is; `error` is its end. */
export async function noteDocument(
  change: Change,
  file: number,
  note: { status: PortOrderFileStatus; message: string | null },
): Promise<void> {
  await writeStatus(change, file, note)
  if (note.status === 'error') await failDeliveryFile(change, file, note.message ?? '')
}

async function writeStatus(
  change: Change,
  file: number,
  note: { status: PortOrderFileStatus; message: string | null },
): Promise<void> {
  await change.db
    .updateTable('port_order_files')
    .set(note)
    .where('file_number', '=', file)
    .execute()
}

async function organizationOf(
  change: Change,
  number: number,
): Promise<{ organizationId: string; ownerId: string }> {
  return await change.db
    .selectFrom('port_orders')
    .select(['organization_id as organizationId', 'owner_id as ownerId'])
    .where('delivery_number', '=', number)
    .executeTakeFirstOrThrow()
}
