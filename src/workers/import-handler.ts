import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { findPrincipal } from '../core/accounts/accounts.ts'
import type { Core } from '../core/core.ts'
import { findDeliveryByNumber } from '../core/deliveries.ts'
import { DeliveryError } from '../core/errors.ts'
import { applyRows } from '../core/imports/import-apply.ts'
import { awaitTurn, findUpload, finishImport, importSteps } from '../core/imports/import-jobs.ts'
import { refusalCsv } from '../core/imports/import-results.ts'
import { demandRostering, type ImportCounts } from '../core/imports/imports.ts'
import { beginRoster, compactRosters, type RosterDraft } from '../core/imports/roster.ts'
import { type StoredBytes, storeBytes } from '../core/stored-files.ts'
import { transact } from '../core/transact.ts'
import { nounAfter } from '../counted.ts'
import type { DeliveryRow } from '../database/tables.ts'
import type { Attempt, JobHandler } from './handler.ts'
import type { ImportCalls, ImportReport } from './import-task.ts'
import { runImportThread } from './run-import-thread.ts'

export interface ImportOptions {
  /** How long a result is kept. */
  readonly importRetentionSeconds: number
  /** What the hash of a password costs: the memory of its one pass, in KiB. */
  readonly importPasswordMemory: number
}

/** Reads uploaded roster files into the rosters. */
export function createImportHandler(core: Core, options: ImportOptions): JobHandler {
  return {
    steps: importSteps,
    run: (attempt) => importRoster(core, options, attempt),
  }
}

async function importRoster(core: Core, options: ImportOptions, attempt: Attempt): Promise<void> {
  const { job, signal } = attempt
  const delivery = await findDeliveryByNumber(core.database.kysely, job.delivery_number ?? 0)
  if (delivery === null) throw new Error(`Job ${job.number} has no delivery.`)
  await demandStill(core, delivery)
  const onWait = () => attempt.report(0, 'Waiting for an earlier import of the organization')
  if (!(await awaitTurn(core, { job, delivery, signal, onWait }))) return
  const draft = await beginRoster(core, delivery.organization_id, signal)
  const result = openResult(core, attempt)
  try {
    const calls = await openCalls(core, attempt, { delivery, draft, result })
    const passwordCost = { memory: options.importPasswordMemory, passes: 1, parallelism: 1 }
    const report = await runImportThread({ passwordCost }, { calls, signal })
    const end = await result.end(report)
    await finishImport(core, job, {
      draft: report.kind === 'done' ? draft : null,
      bytes: end,
      counts: report.counts,
      message: sentenceOf(report),
      retentionSeconds: options.importRetentionSeconds,
    })
  } catch (error) {
    await result.discard()
    throw error
  }
  await compactRosters(core, signal)
}

/** A right that was lost since the upload is lost. */
async function demandStill(core: Core, delivery: DeliveryRow): Promise<void> {
  const principal = await findPrincipal(core, delivery.owner_id)
  if (principal === null) {
    throw new DeliveryError('forbidden', 'The account may no longer import rosters.')
  }
  demandRostering(principal)
}

interface Opened {
  delivery: DeliveryRow
  draft: RosterDraft
  result: ReturnType<typeof openResult>
}

async function openCalls(
  core: Core,
  { signal, report }: Attempt,
  { delivery, draft, result }: Opened,
): Promise<ImportCalls> {
  const upload = await findUpload(core, delivery.number)
  const chunks = upload.read({ start: 0, end: upload.size }, signal)[Symbol.asyncIterator]()
  let read = 0
  let rows = 0
  return {
    async read() {
      const next = await chunks.next()
      if (next.done) return null
      read += next.value.length
      // The store reuses its buffers.
      return Uint8Array.from(next.value)
    },
    async apply({ template, rows: batch }) {
      const outcomes = await transact(core, (change) =>
        applyRows(change, { draft, template }, batch),
      )
      rows += batch.length
      report(
        Math.min(0.99, read / Math.max(1, upload.size)),
        `${rows} ${nounAfter(rows, 'row')} read`,
      )
      return outcomes
    },
    write: result.write,
  }
}

/** The result file of one attempt: written to the store as the rows come, shown only at the end. */
function openResult(core: Core, { job, signal }: Attempt) {
  const prefix = `jobs/${job.number}-${job.attempt}`
  const stream = new PassThrough({ highWaterMark: 256 * 1024 })
  stream.on('error', () => {})
  const stored = storeBytes(core, prefix, stream, signal)
  const failed = stored.then(() => {})
  // Whoever waits hears of it; nobody may be waiting.
  failed.catch((error) => stream.destroy(error))

  async function discard(): Promise<void> {
    stream.destroy(new Error('The attempt has failed.'))
    // Best effort: what stays is an orphan, and the sweeper's.
    await stored.then(({ objectKey }) => core.store.remove(objectKey)).catch(() => {})
  }

  return {
    async write(bytes: Uint8Array): Promise<void> {
      if (!stream.write(bytes)) await Promise.race([once(stream, 'drain', { signal }), failed])
    },
    async end(report: ImportReport): Promise<StoredBytes> {
      if (report.kind === 'done') {
        stream.end()
        return await stored
      }
      await discard()
      const csv = refusalCsv(sentenceOf(report))
      return await storeBytes(core, prefix, toStream(csv), signal)
    },
    discard,
  }
}

async function* toStream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

function sentenceOf(report: ImportReport): string {
  if (report.kind === 'refused') return `${report.sentence} Nothing of this file was imported.`
  const { created, updated, unchanged, failed }: ImportCounts = report.counts
  const total = created + updated + unchanged + failed
  return `${total} ${nounAfter(total, 'row')}: ${created} created, ${updated} updated, ${unchanged} unchanged, ${failed} with errors.`
}
