import type { UploadRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { newId } from '../ids.ts'
import { endLease, findUpload, type HeldUpload, keepLease, LEASE_MS, takeLease } from './uploads.ts'

/** An upload while one request writes to it. */
export interface Holding {
  held: HeldUpload
  /** As it was when it was taken. */
  upload: UploadRow
  /** Aborts when another asks for the upload, or when the lease is lost: write down what came, and end. */
  asked: AbortSignal
}

/** How long one waits for the writer before: the lease of one whose node died is over then. */
const PATIENCE_MS = LEASE_MS + 2000
/** Signals can be lost: one looks by oneself this often. */
const LOOK_MS = 250

/**
 * Does something to an upload while nobody else, on any node, writes to it. A writer before is asked to
 * end: mostly its connection is dead and nobody has told it, and what it has got is not to be lost.
 * @throws DeliveryError `not_found`; `conflict` when the writer before does not end; what the work throws
 */
export async function holdUpload<T>(
  core: Core,
  id: string,
  work: (holding: Holding) => Promise<T>,
): Promise<T> {
  const lease = newId(core.database.now())
  const upload = await waitForLease(core, id, lease)
  const held = { id, lease }
  const asked = new AbortController()
  const stop = () => asked.abort()
  const unsubscribe = core.database.signals.subscribe('upload', (payload) => {
    if (payload === askFor(id)) stop()
  })
  const keeping = setInterval(() => void keepLease(core, held).catch(stop), LEASE_MS / 3)
  try {
    return await work({ held, upload, asked: asked.signal })
  } finally {
    clearInterval(keeping)
    unsubscribe()
    await endLease(core, held)
  }
}

async function waitForLease(core: Core, id: string, lease: string): Promise<UploadRow> {
  const deadline = performance.now() + PATIENCE_MS
  for (let looks = 0; ; looks += 1) {
    const heard = nextSignal(core, id)
    const row = await takeLease(core, id, lease)
    if (row !== null) {
      heard.end()
      return row
    }
    if ((await findUpload(core.database.kysely, id)) === null) {
      heard.end()
      throw new DeliveryError('not_found', 'There is no such upload.')
    }
    if (performance.now() > deadline) {
      heard.end()
      throw new DeliveryError('conflict', 'Another request writes to this upload: try again.')
    }
    // Once is enough; who takes it after the one that is asked is not to be disturbed.
    if (looks === 0) core.database.signals.notify('upload', askFor(id))
    await heard.promise
  }
}

/** What is signalled when one wants an upload; the id alone says that it is free. */
function askFor(id: string): string {
  return `ask ${id}`
}

function nextSignal(core: Core, id: string): { promise: Promise<void>; end(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(end, LOOK_MS)
  const unsubscribe = core.database.signals.subscribe('upload', (payload) => {
    if (payload === null || payload === id) end()
  })
  function end(): void {
    clearTimeout(timer)
    unsubscribe()
    resolve()
  }
  return { promise, end }
}
