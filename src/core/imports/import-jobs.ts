import { setTimeout as wait } from 'node:timers/promises'
import type { Connection } from '../../database/database.ts'
import type { DeliveryRow, JobRow } from '../../database/tables.ts'
import type { Content } from '../content.ts'
import type { Core } from '../core.ts'
import { findDeliveryByNumber, moveDelivery } from '../deliveries.ts'
import { DeliveryError } from '../errors.ts'
import { downloadSteps } from '../jobs/download-jobs.ts'
import { finishJob, type JobSteps } from '../jobs/job-life.ts'
import { putJobBack } from '../jobs/jobs.ts'
import { contentOf, type StoredBytes } from '../stored-files.ts'
import { type Change, transact } from '../transact.ts'
import { insertResult } from './import-results.ts'
import { countImport, type ImportCounts, readImport, releaseUpload } from './imports.ts'
import { beginRoster, commitRoster, findDrafts, type RosterDraft } from './roster.ts'

/** What an import's attempts do to its delivery: the same as those of a download. */
export const importSteps: JobSteps = {
  ...downloadSteps,
  async failed(core, change, job, failure) {
    await downloadSteps.failed(core, change, job, failure)
    if (failure.final) await releaseUpload(change, job.delivery_number ?? 0)
  },
}

/** An import's attempt that came to its end. */
export interface ImportEnd {
  /** What was written; null when the file as a whole was refused. */
  draft: RosterDraft | null
  /** The result file. */
  bytes: StoredBytes
  counts: ImportCounts
  /** Told to the customer. */
  message: string
  /** How long the result is kept. */
  retentionSeconds: number
}

/**
 * Ends an import: the new roster is in force, its result there, and the upload let go, in one moment.
 * @throws DeliveryError `lease_lost`, or `unavailable` when another import came between
 */
export async function finishImport(core: Core, job: JobRow, end: ImportEnd): Promise<void> {
  await finishJob(core, job, async (change) => {
    const number = job.delivery_number ?? 0
    if (end.draft !== null) await commitRoster(change, end.draft)
    const { file_name } = await readImport(change.db, number)
    await insertResult(change, number, { fileName: file_name, bytes: end.bytes })
    await countImport(change, number, end.counts)
    await releaseUpload(change, number)
    await moveDelivery(change, await deliveryOf(change, number), {
      to: end.draft === null ? 'failed' : 'done',
      message: end.message,
      expiresAt: change.now + end.retentionSeconds * 1000,
    })
  })
}

/** How often a waiting import looks by itself whether its turn has come. */
const LOOK_MS = 500

export interface Turn {
  job: JobRow
  delivery: DeliveryRow
  signal: AbortSignal
  /** Called as long as there is an earlier import under way. */
  onWait(): void
}

/**
 * Waits until every import that the organization uploaded before is over: each works on what the one
 * before has left. False: an earlier one waits for a worker itself, so this one gave its place back.
 * @throws the signal's reason when it aborts
 */
export async function awaitTurn(
  core: Core,
  { job, delivery, signal, onWait }: Turn,
): Promise<boolean> {
  for (;;) {
    signal.throwIfAborted()
    const earlier = await findEarlierImport(core.database.kysely, delivery)
    if (earlier === null) return true
    if (earlier.state === 'pending') break
    onWait()
    await wait(LOOK_MS, undefined, { signal })
  }
  await transact(core, async (change) => {
    await putJobBack(change, job, { after: 2 * LOOK_MS, refund: true })
    await importSteps.released(core, change, job)
  })
  return false
}

/** The import that has been waiting longest of those of the organization that are not over; null when none came before this one. */
async function findEarlierImport(
  db: Connection,
  delivery: DeliveryRow,
): Promise<Pick<DeliveryRow, 'number' | 'state'> | null> {
  const row = await unfinished(db, delivery.organization_id)
    .where('imports.delivery_number', '<', delivery.number)
    .where('deliveries.state', 'in', ['pending', 'running'])
    .orderBy('imports.delivery_number')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/**
 * Takes away what imports have written that were cancelled, have failed or died, and do not run
 * again. One that begins at the same moment is told to try again.
 */
export async function clearLostDrafts(core: Core, signal?: AbortSignal): Promise<void> {
  const db = core.database.kysely
  for (const organizationId of await findDrafts(db)) {
    if (signal?.aborted) return
    if (!(await isImporting(db, organizationId))) await beginRoster(core, organizationId, signal)
  }
}

async function isImporting(db: Connection, organizationId: string): Promise<boolean> {
  const row = await unfinished(db, organizationId)
    .where('deliveries.state', '=', 'running')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** The imports of an organization that are not over: those that still have their upload. */
function unfinished(db: Connection, organizationId: string) {
  return db
    .selectFrom('imports')
    .innerJoin('deliveries', 'deliveries.number', 'imports.delivery_number')
    .select(['deliveries.number', 'deliveries.state'])
    .where('imports.organization_id', '=', organizationId)
    .where('imports.stored_file_id', 'is not', null)
}

/**
 * The bytes that were uploaded for an import that is not over.
 * @throws DeliveryError `invalid` when they were let go
 */
export async function findUpload(core: Core, deliveryNumber: number): Promise<Content> {
  const facts = await core.database.kysely
    .selectFrom('imports')
    .innerJoin('stored_files', 'stored_files.id', 'imports.stored_file_id')
    .selectAll('stored_files')
    .where('imports.delivery_number', '=', deliveryNumber)
    .executeTakeFirst()
  if (facts !== undefined) return contentOf(core, facts)
  throw new DeliveryError('invalid', 'The uploaded file is no longer there; upload it again.')
}

async function deliveryOf(change: Change, number: number): Promise<DeliveryRow> {
  const delivery = await findDeliveryByNumber(change.db, number)
  if (delivery === null) throw new Error(`Import ${number} has no delivery.`)
  return delivery
}
