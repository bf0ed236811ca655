import type { ByteSpan } from './content.ts'
import type { Core } from './core.ts'
import { transact } from './transact.ts'
import { writePickups } from './write-pickups.ts'

/** Bytes of a file that went out to somebody. */
export interface Taken {
  /**
   * The file; or the stored file, when it was taken without naming a delivery: then it counts for each
   * open order of the account that holds it.
   */
  fileNumber: number | { storedFileId: string }
  accountId: string
  grantId: string | null
  address: string | null
  span: ByteSpan
}

/** Notes who took which bytes. */
export interface PickupRecorder {
  /** Cheap: it is written a moment later, together with what else went out meanwhile. */
  note(taken: Taken): void
  /**
   * Notes what comes piece by piece, each of at most 1,000: the next piece is asked for when the last
   * one is written, so that an archive of a million files needs no memory for them.
   */
  noteAll(pieces: AsyncIterable<readonly Taken[]>): void
  /** Resolves when all that was noted is in the database. */
  flush(): Promise<void>
  /** Flushes and stops. */
  close(): Promise<void>
}

/** How long notes are gathered. A commit of its own for each small file would cost more than sending it. */
const GATHER_MS = 100

/** Notes in one transaction: every other request waits for it. */
const BATCH = 250

/** A recorder that writes what it gathered in few transactions. `onError` hears of a write that failed; its notes are kept. */
export function createPickupRecorder(
  core: Core,
  onError: (error: unknown) => void,
): PickupRecorder {
  let gathered: Taken[] = []
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  async function writeAll(takings: readonly Taken[]): Promise<void> {
    for (let start = 0; start < takings.length; start += BATCH) {
      const batch = takings.slice(start, start + BATCH)
      try {
        await transact(core, (change) => writePickups(core, change, batch))
      } catch (error) {
        gathered = [...batch, ...gathered]
        onError(error)
      }
    }
  }

  /** One after the other: two writers of one file's spans would lose those of one of them. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    writing = writing.then(work).catch(onError)
    return writing
  }

  function write(): Promise<void> {
    timer = null
    const batch = gathered
    gathered = []
    return batch.length === 0 ? writing : inTurn(() => writeAll(batch))
  }

  return {
    note(taken) {
      gathered.push(taken)
      timer ??= setTimeout(() => void write(), GATHER_MS)
    },
    noteAll(pieces) {
      void inTurn(async () => {
        for await (const piece of pieces) await writeAll(piece)
      })
    },
    async flush() {
      if (timer !== null) clearTimeout(timer)
      await write()
    },
    async close() {
      await this.flush()
    },
  }
}
