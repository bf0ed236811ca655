import type { PortOrderFileRow } from '../../database/port-order-tables.ts'
import type { GrantRow, JobRow } from '../../database/tables.ts'
import { findPrincipal } from '../accounts/accounts.ts'
import { atMost } from '../at-most.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { type ExpectedBytes, storeExpected } from '../expected-bytes.ts'
import { findGrant } from '../grants/find-grants.ts'
import { finishJob, type JobSteps } from '../jobs/job-life.ts'
import type { Principal } from '../principal.ts'
import { discardBytes, insertStoredFile, type StoredBytes } from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'
import { completeDocument, findDocumentFacts, noteDocument } from './port-order-files.ts'
import { isOpen } from './port-order-status.ts'
import { demandOpenOrder } from './port-orders.ts'

export interface ReceivedBytes {
  source: AsyncIterable<Uint8Array>
  /** What the sender says of them. */
  expected?: ExpectedBytes
  signal?: AbortSignal
}

/**
 * Takes in a document's bytes that are put to a signed URL. They are encrypted on their way to the store; the
 * rights of the account and the state of the order are asked for before and after.
 * @throws DeliveryError `not_found`, `forbidden` when the URL was revoked or the account lost its
 *   rights, `conflict` when the URL was used or the order is not open any more, `too_large`,
 *   `invalid` for other digests than the sender says, `storage_full`, `unavailable`. Nothing is kept then.
 */
export async function receiveDocument(
  core: Core,
  grantId: string,
  received: ReceivedBytes,
): Promise<StoredBytes> {
  const db = core.database.kysely
  const grant = await findGrant(db, grantId)
  const facts = await demandAnnounced(db, grant)
  await demandStillPermitted(core, grant, facts)
  const bytes = await storeDocument(core, facts, received)
  try {
    const principal = await demandStillPermitted(core, grant, facts)
    await transact(core, async (change) => {
      await demandOpenOrder(change.db, principal, facts.delivery_number)
      const latest = await demandAnnounced(change.db, await findGrant(change.db, grantId))
      await showDocument(change, latest, { bytes, actorId: principal.accountId })
    })
  } catch (error) {
    await discardBytes(core, [bytes.objectKey], error)
    throw error
  }
  return bytes
}

async function demandAnnounced(
  db: Parameters<typeof findGrant>[0],
  grant: GrantRow | null,
): Promise<PortOrderFileRow> {
  const facts = grant?.file_number == null ? null : await findDocumentFacts(db, grant.file_number)
  if (grant === null || facts === null || grant.method !== 'PUT') {
    throw new DeliveryError('not_found', 'There is no such document.')
  }
  if (grant.revoked_at !== null) throw new DeliveryError('forbidden', 'This URL was revoked.')
  if (facts.status === 'pending') return facts
  throw new DeliveryError('conflict', 'This URL was used already; ask for a new one.')
}

/** A right that was lost since the URL was signed is lost. */
async function demandStillPermitted(
  core: Core,
  grant: GrantRow | null,
  facts: PortOrderFileRow,
): Promise<Principal> {
  const principal = await findPrincipal(core, grant?.account_id ?? '')
  if (principal === null) {
    throw new DeliveryError('forbidden', 'The account that asked for this URL may not use it.')
  }
  await demandOpenOrder(core.database.kysely, principal, facts.delivery_number)
  return principal
}

/**
 * Stores a document's bytes, encrypted.
 * @throws DeliveryError `too_large`, `invalid` for others than were announced, `storage_full`, `unavailable`
 */
export async function storeDocument(
  core: Core,
  facts: PortOrderFileRow,
  { source, expected = {}, signal }: ReceivedBytes,
): Promise<StoredBytes> {
  return await storeExpected(core, {
    prefix: `port-orders/${facts.delivery_number}`,
    source: atMost(source, core.settings.maxDocumentBytes, tooLarge),
    ...{ expected, signal, encrypted: true },
  })
}

/** The refusal of a document that is longer than the setting allows. */
export function tooLarge(limit: number): DeliveryError {
  return new DeliveryError('too_large', `A document may have at most ${limit} bytes.`, {
    details: { limit },
  })
}

async function showDocument(
  change: Change,
  facts: PortOrderFileRow,
  { bytes, actorId }: { bytes: StoredBytes; actorId: string | null },
): Promise<void> {
  const { media_type: mediaType } = await change.db
    .selectFrom('delivery_files')
    .select('media_type')
    .where('number', '=', facts.file_number)
    .executeTakeFirstOrThrow()
  const stored = await insertStoredFile(change, bytes, mediaType)
  await completeDocument(change, facts, { stored, actorId })
}

/** What a pull's attempts do to its document. */
export const pullSteps: JobSteps = {
  async begin(_core, change, job) {
    const facts = await findDocumentFacts(change.db, fileOf(job))
    if (facts === null || facts.status === 'complete' || facts.status === 'error') return false
    const refusal = await whyNotOpen(change, facts)
    await noteDocument(change, facts.file_number, {
      status: refusal === null ? 'processing' : 'error',
      message: refusal,
    })
    return refusal === null
  },

  async failed(_core, change, job, { message, final }) {
    await noteDocument(change, fileOf(job), { status: final ? 'error' : 'pending', message })
  },

  async released(_core, change, job) {
    await noteDocument(change, fileOf(job), { status: 'pending', message: null })
  },
}

async function whyNotOpen(change: Change, facts: PortOrderFileRow): Promise<string | null> {
  const order = await change.db
    .selectFrom('port_orders')
    .select('status')
    .where('delivery_number', '=', facts.delivery_number)
    .executeTakeFirst()
  if (order !== undefined && isOpen(order.status)) return null
  return 'The port order was neither pending nor rejected any more.'
}

function fileOf(job: JobRow): number {
  return (JSON.parse(job.payload) as { file: number }).file
}

/** The document that a job is to pull. */
export async function findPulled(core: Core, job: JobRow): Promise<PortOrderFileRow | null> {
  return await findDocumentFacts(core.database.kysely, fileOf(job))
}

/**
 * Ends a pull: the document has its bytes.
 * @throws DeliveryError `lease_lost`; `invalid` when the order is not open any more
 */
export async function completePull(core: Core, job: JobRow, bytes: StoredBytes): Promise<void> {
  await finishJob(core, job, async (change) => {
    const facts = await findDocumentFacts(change.db, fileOf(job))
    if (facts === null) throw new DeliveryError('invalid', 'The document is gone.')
    const refusal = await whyNotOpen(change, facts)
    if (refusal !== null) throw new DeliveryError('invalid', refusal)
    await showDocument(change, facts, { bytes, actorId: null })
  })
}
