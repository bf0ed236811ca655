import { ClientError } from '../client-error.ts'
import type { EventQueue } from '../event-queue.ts'
import type { RemoteFile } from '../remote-file.ts'
import { createAlignedBlocks } from './aligned-blocks.ts'
import type { FileTransport } from './file-transport.ts'
import type { FolderRecord, RecordedFile } from './folder-record.ts'
import type { GetEvent } from './get-event.ts'
import type { GetOptions, GetReport } from './get-options.ts'
import { nameOf } from './name-of.ts'
import { createPathBook } from './path-book.ts'
import type { PathFilter } from './path-filter.ts'
import { findPresentCopy } from './present-copy.ts'
import { createRateLimit } from './rate-limit.ts'
import type { SmallFileSaver } from './small-file-saver.ts'
import type { TargetFolder } from './target-folder.ts'
import { transferFile } from './transfer-file.ts'

export interface FetchOneOptions
  extends Pick<
    GetOptions,
    'connections' | 'splitBytes' | 'enoughRate' | 'rateLimit' | 'stallMs' | 'dryRun'
  > {
  readonly signal: AbortSignal
  readonly queue: EventQueue<GetEvent>
  readonly folder: TargetFolder
  readonly record: FolderRecord
  readonly saver: SmallFileSaver
  readonly layout: 'flat' | 'tree'
  readonly isWanted: PathFilter
}

/** Brings files into the folder one by one, and keeps the tally. */
export interface FetchOne {
  /**
   * @param makeRoom is called when the bytes are here, and only the disk is waited for
   * @throws ClientError `aborted`, and what the disk says: the run is over then
   */
  fetch(file: RemoteFile, makeRoom?: () => void): Promise<void>
  tally(): Pick<GetReport, 'fetched' | 'kept' | 'failed' | 'bytes'>
}

/** How often progress is told, in ms. */
const tellEveryMs = 100

/** Fetches into a folder; nothing is tallied yet. */
export function createFetchOne(transport: FileTransport, options: FetchOneOptions): FetchOne {
  const { signal, queue, folder, record, layout, isWanted, rateLimit, saver } = options
  const paths = createPathBook(record, layout)
  const shared = {
    transport,
    signal,
    saver,
    blocks: createAlignedBlocks(),
    connections: options.connections ?? 4,
    splitBytes: options.splitBytes ?? 64 * 1024 * 1024,
    enoughRate: options.enoughRate ?? 64 * 1024 * 1024,
    stallMs: options.stallMs ?? 60_000,
    rateLimit:
      rateLimit === undefined ? null : createRateLimit(rateLimit, transport.wait, transport.now),
  }
  let [fetched, kept, bytes] = [0, 0, 0]
  const failed = new Map<string, { path: string; error: ClientError }>()

  async function bring(file: RemoteFile, path: string, makeRoom: () => void): Promise<void> {
    const target = await folder.place(path)
    const recorded = record.files.get(path) ?? null
    const present = target.mayExist
      ? await findPresentCopy({ transport, file, target: target.path, recorded, signal })
      : null
    if (present !== null) return settle(path, present, true)
    queue.push({ type: 'start', path, size: file.size })
    const { etag, size, digests } = await transferFile({
      ...shared,
      file,
      target: target.path,
      mayHavePart: target.mayHavePart,
      onReceived: makeRoom,
      onBytes: progressOf(path),
      onSetback: (sentence) => queue.push({ type: 'setback', path, sentence }),
    })
    settle(path, { size, sha256: digests.sha256, source: file.id, etag }, false)
  }

  function settle(path: string, file: RecordedFile, isKept: boolean): void {
    record.set(path, file)
    if (isKept) kept += 1
    else fetched += 1
    queue.push({ type: 'done', path, file, kept: isKept })
  }

  function progressOf(path: string): (delta: number, size: number | null) => void {
    let here = 0
    let told = Date.now()
    return (delta, size) => {
      here += delta
      bytes += Math.max(0, delta)
      if (Date.now() - told < tellEveryMs) return
      told = Date.now()
      queue.push({ type: 'progress', path, bytes: here, size })
    }
  }

  return {
    async fetch(file, makeRoom = () => {}) {
      let path = file.name ?? file.id
      try {
        path = paths.assign(file, await nameOf(transport, file, signal))
        if (!isWanted(path)) {
          queue.push({ type: 'skipped', path })
          return
        }
        if (options.dryRun === true) {
          queue.push({ type: 'planned', path, size: file.size })
          return
        }
        await bring(file, path, makeRoom)
        failed.delete(file.id)
      } catch (error) {
        if (!(error instanceof ClientError) || error.code === 'aborted') throw error
        failed.set(file.id, { path, error })
        queue.push({ type: 'failed', path, error })
      }
    },
    tally: () => ({ fetched, kept, failed: [...failed.values()], bytes }),
  }
}
