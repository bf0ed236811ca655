import type { Snapshot } from '../client/delivery.ts'
import type { GetEvent } from '../client/files/get-event.ts'

/** What has come of a delivery, and what is on its way, as the events tell it. */
export interface TransferTally {
  note(event: GetEvent): void
  /** The files that are on their way, by their paths. */
  readonly coming: ReadonlyMap<string, Coming>
  /** How the delivery stood at the last look; null before the first. */
  readonly standing: Standing | null
  sum(): TransferSum
}

export interface Coming {
  readonly bytes: number
  /** Null where no answer told it yet. */
  readonly size: number | null
}

export interface TransferSum {
  /** Files that have ended, well or not. */
  readonly done: number
  /** Files that are known of and wanted. */
  readonly files: number
  /** Bytes that came in this run. */
  readonly bytes: number
  /** What `bytes` will be in the end; null while nobody knows. */
  readonly whole: number | null
}

type Standing = Pick<Snapshot, 'word' | 'message' | 'progress'>
type Ending = Extract<GetEvent, { type: 'done' | 'failed' | 'skipped' }>

/** A tally of nothing yet. */
export function createTransferTally(): TransferTally {
  const coming = new Map<string, Coming>()
  const sizes = { listed: 0, unknown: 0 }
  const files = { listed: 0, done: 0, skipped: 0 }
  const bytes = { done: 0, kept: 0 }
  let standing: Standing | null = null

  function look({ word, message, progress, files: listed }: Snapshot): void {
    standing = { word, message, progress }
    files.listed += listed.length
    for (const { size } of listed) {
      if (size === null) sizes.unknown += 1
      else sizes.listed += size
    }
  }

  function end(event: Ending): void {
    coming.delete(event.path)
    if (event.type === 'skipped') files.skipped += 1
    else files.done += 1
    if (event.type !== 'done') sizes.unknown += 1
    else if (event.kept) bytes.kept += event.file.size
    else bytes.done += event.file.size
  }

  function wholeOf(here: number): number | null {
    // Sizes of files that failed or were left out are in the sum: it says nothing then.
    if (sizes.unknown === 0 && sizes.listed > 0) return sizes.listed - bytes.kept
    if (files.done + files.skipped + coming.size < files.listed) return null
    // When everything that is listed is coming already, the answers told how long it is.
    let whole = here
    for (const one of coming.values()) {
      if (one.size === null) return null
      whole += one.size - one.bytes
    }
    return whole
  }

  return {
    coming,
    get standing() {
      return standing
    },
    note(event) {
      if (event.type === 'look') look(event.snapshot)
      else if (event.type === 'start') coming.set(event.path, { bytes: 0, size: event.size })
      else if (event.type === 'progress') coming.set(event.path, event)
      else if (event.type === 'done' || event.type === 'failed' || event.type === 'skipped') {
        end(event)
      }
    },
    sum() {
      const here = [...coming.values()].reduce((sum, one) => sum + one.bytes, bytes.done)
      return {
        done: files.done,
        files: Math.max(files.listed - files.skipped, files.done + coming.size),
        bytes: here,
        whole: wholeOf(here),
      }
    },
  }
}
