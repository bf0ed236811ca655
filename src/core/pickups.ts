import type { ByteSpan } from './content.ts'
import type { Core } from './core.ts'
import { mergeSpans } from './spans.ts'
import { transact } from './transact.ts'
import { type TakenTogether, type Taking, writePickups } from './write-pickups.ts'

/** Bytes of a file that went out to somebody. */
export interface Taken extends Taking {
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
/** How long notes wait that could not be written: the database may be away. */
const AGAIN_MS = 1000

/** Notes in one transaction: every other request waits for it. */
const BATCH = 250

/** A recorder that writes what it gathered in few transactions. `onError` hears of a write that failed; its notes are kept. */
export function createPickupRecorder(
  core: Core,
  onError: (error: unknown) => void,
): PickupRecorder {
  let gathered: Gathered = new Map()
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  async function writeAll(all: Gathered): Promise<void> {
    const takings = [...all.values()]
    for (let start = 0; start < takings.length; start += BATCH) {
      const batch = takings.slice(start, start + BATCH)
      try {
        await transact(core, (change) => writePickups(core, change, batch))
      } catch (error) {
        for (const taken of batch) gather(gathered, taken)
        onError(error)
        if (!closed) timer ??= setTimeout(() => void write(), AGAIN_MS)
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
    const all = gathered
    gathered = new Map()
    return all.size === 0 ? writing : inTurn(() => writeAll(all))
  }

  return {
    note(taken) {
      gather(gathered, together(taken))
      timer ??= setTimeout(() => void write(), GATHER_MS)
    },
    noteAll(pieces) {
      void inTurn(async () => {
        for await (const piece of pieces) {
          const all: Gathered = new Map()
          for (const taken of piece) gather(all, together(taken))
          await writeAll(all)
        }
      })
    },
    async flush() {
      if (timer !== null) clearTimeout(timer)
      await write()
    },
    async close() {
      closed = true
      await this.flush()
    },
  }
}

type Gathered = Map<string, TakenTogether>

function together({ span, ...taken }: Taken): TakenTogether {
  return { ...taken, spans: [span], bytesSent: span.end - span.start }
}

/** So many spans of one file are merged before more are added. */
const MANY_SPANS = 100

/** Adds to what was gathered: a file that is asked for again and again is written once. */
function gather(gathered: Gathered, taken: TakenTogether): void {
  const { fileNumber, accountId, grantId, address } = taken
  const file = typeof fileNumber === 'number' ? fileNumber : fileNumber.storedFileId
  const key = `${file} ${accountId} ${grantId} ${address}`
  const known = gathered.get(key)
  if (known === undefined) {
    gathered.set(key, { ...taken, spans: [...taken.spans] })
    return
  }
  known.bytesSent += taken.bytesSent
  known.spans.push(...taken.spans)
  if (known.spans.length > MANY_SPANS) known.spans = mergeSpans(known.spans)
}
