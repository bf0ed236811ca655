import { ClientError } from '../client-error.ts'
import type { Client } from '../create-client.ts'
import type { RemoteDelivery, Snapshot } from '../delivery.ts'
import { createEventQueue, type EventQueue } from '../event-queue.ts'
import { createFetchOne, type FetchOne } from './fetch-one.ts'
import { openFileTransport } from './file-transport.ts'
import { whileLocked } from './folder-lock.ts'
import { openFolderRecord } from './folder-record.ts'
import type { GetEvent } from './get-event.ts'
import type { GetOptions, GetReport } from './get-options.ts'
import { createPathFilter } from './path-filter.ts'
import { runPool } from './run-pool.ts'
import { createSmallFileSaver } from './small-file-saver.ts'
import { createTargetFolder } from './target-folder.ts'

/**
 * Fetches the files of a delivery into a folder as they become ready, until it is over. Each one is
 * checked and gets its name last; `.claimcheck.json` records it. Running it again goes on where it
 * stopped. Leaving the loop stops the work.
 * @throws ClientError, and what the disk says; a file that fails is in the report instead
 */
export async function* getFiles(
  client: Client,
  delivery: RemoteDelivery,
  options: GetOptions,
): AsyncGenerator<GetEvent, GetReport> {
  const queue = createEventQueue<GetEvent>()
  const left = new AbortController()
  const signal =
    options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal])
  const running = run(client, delivery, { ...options, signal, queue })
  // Its failure is told by the await at the end.
  running.catch(() => {})
  try {
    yield* queue
    return await running
  } finally {
    left.abort()
    await running.catch(() => {})
  }
}

interface Run extends GetOptions {
  readonly signal: AbortSignal
  readonly queue: EventQueue<GetEvent>
}

async function run(client: Client, delivery: RemoteDelivery, run: Run): Promise<GetReport> {
  const saver = createSmallFileSaver()
  const folder = createTargetFolder(run.folder)
  const { transport, close } = openFileTransport(client.transport)
  const work = async () => {
    const record = await openFolderRecord(run.folder)
    const fetchOne = createFetchOne(transport, {
      ...run,
      folder,
      record,
      saver,
      layout: run.layout ?? (delivery.isTree ? 'tree' : 'flat'),
      isWanted: createPathFilter(run.include ?? [], run.exclude ?? []),
    })
    try {
      return await (run.archive === true
        ? getArchive(delivery, run, fetchOne)
        : getAll(delivery, run, fetchOne))
    } finally {
      // What came whole stays known, however the run ends.
      if (run.dryRun !== true) {
        await record.save()
        await folder.sync()
      }
    }
  }
  try {
    return await (run.dryRun === true ? work() : whileLocked(run.folder, work))
  } finally {
    close()
    await saver.close()
    run.queue.end()
  }
}

/** Small files whose bytes are here, and that are being saved: a disk is slow to sync one, and not many. */
const mostTrailing = 64

async function getAll(
  delivery: RemoteDelivery,
  { signal, queue, jobs = 8, allReady = false, dryRun = false }: Run,
  fetchOne: FetchOne,
): Promise<GetReport> {
  let last: Snapshot | null = null
  for await (const snapshot of delivery.watch({ signal, once: allReady || dryRun })) {
    last = snapshot
    queue.push({ type: 'look', snapshot })
    await runPool(snapshot.files, { jobs, trailing: mostTrailing, signal }, fetchOne.fetch)
  }
  return reportOf(last, fetchOne)
}

/** An archive holds what is ready when it is made: so the end is waited for, unless told otherwise. */
async function getArchive(
  delivery: RemoteDelivery,
  { signal, queue, allReady = false, dryRun = false }: Run,
  fetchOne: FetchOne,
): Promise<GetReport> {
  if (delivery.archive === null) {
    throw new ClientError('bad_input', `There is no archive of ${delivery.url}: get its files.`)
  }
  let last: Snapshot | null = null
  const once = allReady || dryRun
  for await (const snapshot of delivery.watch({ signal, once, withoutFiles: true })) {
    last = snapshot
    queue.push({ type: 'look', snapshot })
  }
  await fetchOne.fetch(delivery.archive)
  return reportOf(last, fetchOne)
}

function reportOf(last: Snapshot | null, fetchOne: FetchOne): GetReport {
  return {
    standing: last?.standing ?? 'waiting',
    word: last?.word ?? 'unknown',
    message: last?.message ?? null,
    ...fetchOne.tally(),
  }
}
