import { ClientError, type ClientErrorCode } from '../client-error.ts'
import { conflictOf, type Digests } from '../digests.ts'
import { discard } from '../drain.ts'
import type { HttpAnswer } from '../http-answer.ts'
import type { RemoteFile } from '../remote-file.ts'
import { aborted } from '../wait.ts'
import { ask } from './ask.ts'
import { fetchParts } from './fetch-parts.ts'
import { createFileHash } from './file-hash.ts'
import type { Opened } from './fill.ts'
import { findIntactPieces } from './intact-pieces.ts'
import { learnLate } from './learn-late.ts'
import {
  openPart,
  type PartState,
  readPartState,
  removePart,
  removePartState,
} from './part-file.ts'
import { createPatience } from './patience.ts'
import { Setback, StartAgain } from './setback.ts'
import { brokenOff, createStallGuard, type StallGuard, setbackOf } from './stall-guard.ts'
import {
  count,
  createTransfer,
  nothingKnown,
  type Transfer,
  type TransferOptions,
} from './transfer.ts'

/** A file that is whole, checked, and under its name. */
export interface Transferred {
  readonly size: number
  readonly digests: Digests & { readonly sha256: string }
  readonly etag: string | null
  /** A digest of the listing or the server was there to compare with. */
  readonly isChecked: boolean
}

/** Up to here a file is taken in one piece in memory, in bytes. */
const smallBytes = 1024 * 1024

/** How often a file may turn out another one, or damaged, before it is given up. */
const mostStarts = 5

/**
 * Fetches one file: into `<target>.part`, going on where an earlier run stopped, checked, synced,
 * and renamed last. When an address fails for good, its next mirror goes on.
 * @throws ClientError of the last address, and what the disk says
 */
export async function transferFile(options: TransferOptions): Promise<Transferred> {
  const transfer = createTransfer(options)
  for (let mayHavePart = options.mayHavePart; ; mayHavePart = true) {
    try {
      return await fromOnePlace(transfer, await takeUp({ ...options, mayHavePart }))
    } catch (error) {
      if (!isOfPlace(error) || !transfer.nextMirror()) throw error
      options.onSetback(`${error.message} Another address is tried.`)
      count(transfer, -transfer.counted)
    }
  }
}

/** Whether another address may do better: not where it is our own folder, or our user, that refuses. */
function isOfPlace(error: unknown): error is ClientError {
  const ours: readonly ClientErrorCode[] = ['aborted', 'bad_input', 'unsafe_target']
  return error instanceof ClientError && !ours.includes(error.code)
}

async function fromOnePlace(transfer: Transfer, found: PartState | null): Promise<Transferred> {
  const { options } = transfer
  let state = found
  for (let starts = 1; ; starts += 1) {
    try {
      return await attempt(transfer, state)
    } catch (error) {
      if (options.signal?.aborted === true) throw aborted(options.signal)
      if (!(error instanceof StartAgain)) throw withPath(error, `${options.target}.part`)
      state = error.why === 'damaged' ? await keepIntact(transfer) : null
      if (state === null) await removePart(options.target)
      if (starts >= mostStarts) throw finalOf(error)
      options.onSetback(error.message)
      count(transfer, -transfer.counted)
      transfer.known = nothingKnown()
    }
  }
}

/** An error of an open file does not say which one. */
function withPath(error: unknown, path: string): unknown {
  const isOfDisk = error instanceof Error && 'syscall' in error && !('path' in error)
  return isOfDisk ? Object.assign(error, { path }) : error
}

/** What an earlier run left is gone on with, or removed. */
async function takeUp({ target, file, mayHavePart }: TransferOptions): Promise<PartState | null> {
  if (!mayHavePart) return null
  const state = withOwnTag(await readPartState(target, file.id), file)
  if (state !== null && isUsable(state, file)) return state
  await removePartState(target)
  return null
}

/** A mirror has tags of its own, and which one it was that gave this one is not known any more. */
function withOwnTag(state: PartState | null, { mirrors }: RemoteFile): PartState | null {
  return state === null || mirrors === undefined ? state : { ...state, etag: null, origin: null }
}

/** A part is gone on with only when something will vouch for the whole. */
function isUsable({ spans, size, etag }: PartState, file: RemoteFile): boolean {
  if (spans.length === 0) return false
  if (file.size !== null && size !== null && file.size !== size) return false
  return etag !== null || Object.keys(file.digests).length > 0
}

/** What of a damaged part need not be fetched again; null: nothing, or nobody can tell. */
async function keepIntact({ options, known }: Transfer): Promise<PartState | null> {
  const { file, target, signal } = options
  const { etag, origin, size } = known
  if (file.pieces === undefined || size === null || size <= smallBytes) return null
  const spans = await findIntactPieces(`${target}.part`, file.pieces, { size, signal })
  const intact = spans.reduce((sum, { start, end }) => sum + end - start, 0)
  return intact === 0 || intact === size ? null : { id: file.id, etag, origin, size, spans }
}

const finalCodes = {
  changed: 'changed',
  damaged: 'damaged',
  no_ranges: 'unreachable',
} as const satisfies Record<StartAgain['why'], ClientErrorCode>

function finalOf(error: StartAgain): ClientError {
  return new ClientError(
    finalCodes[error.why],
    `${error.message} It was given up after ${mostStarts} attempts.`,
  )
}

async function attempt(transfer: Transfer, state: PartState | null): Promise<Transferred> {
  if (state !== null) {
    const { etag, origin, size } = state
    transfer.known = { ...transfer.known, etag, origin, size }
    count(
      transfer,
      state.spans.reduce((sum, { start, end }) => sum + end - start, 0),
    )
    return await fetchLarge(transfer, state)
  }
  const patience = createPatience(transfer)
  for (;;) {
    const guard = createStallGuard(transfer.options.stallMs, transfer.options.signal)
    try {
      const response = await ask(transfer, { start: 0, end: null }, guard.signal)
      const { size, isCoded } = transfer.known
      if (size === null || size > smallBytes || isCoded) {
        return await fetchLarge(transfer, null, { response, guard })
      }
      return await takeSmall(transfer, await bytesOf(response, guard))
    } catch (error) {
      await patience.after(setbackOf(error, guard), false)
    } finally {
      guard.end()
    }
  }
}

async function fetchLarge(
  transfer: Transfer,
  state: PartState | null,
  first?: Opened,
): Promise<Transferred> {
  const { target } = transfer.options
  const opening = openPart(target, { keep: state !== null, size: transfer.known.size })
  const part = await opening.catch((error: unknown) => {
    if (first !== undefined) discard(first.response)
    throw error
  })
  let isFinished = false
  try {
    const fetched = await fetchParts(transfer, { part, state, first })
    const transferred = verify(transfer, fetched)
    // An earlier run may have written more than the file has now.
    await part.handle.truncate(fetched.size)
    await part.finish()
    isFinished = true
    return transferred
  } finally {
    if (!isFinished) await part.close()
  }
}

async function bytesOf(response: HttpAnswer, guard: StallGuard): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch {
    throw brokenOff(guard)
  }
}

async function takeSmall(transfer: Transfer, bytes: Uint8Array<ArrayBuffer>): Promise<Transferred> {
  const { options, known } = transfer
  if (bytes.byteLength !== known.size) {
    throw new Setback('unreachable', 'The connection ended before the file did.')
  }
  count(transfer, bytes.byteLength)
  await options.rateLimit?.take(bytes.byteLength, options.signal)
  const hash = createFileHash({ ...options.file.digests, ...known.digests })
  hash.update(bytes)
  await learnLate(transfer)
  const transferred = verify(transfer, { size: bytes.byteLength, digests: hash.digests() })
  const saved = options.saver.save(options.target, bytes)
  options.onReceived()
  await saved
  return transferred
}

/** @throws StartAgain when the bytes are not those that were promised */
function verify(
  { options: { file }, known }: Transfer,
  { size, digests }: { size: number; digests: Digests },
): Transferred {
  if (file.size !== null && file.size !== size) {
    throw new StartAgain('damaged', `${size} bytes came, and the listing says ${file.size}.`)
  }
  const wrong = conflictOf(file.digests, digests) ?? conflictOf(known.digests, digests)
  if (wrong !== null) {
    throw new StartAgain('damaged', `The ${wrong} of what came is not the one that was promised.`)
  }
  const promised = { ...file.digests, ...known.digests }
  return {
    size,
    digests: { ...digests, sha256: digests.sha256 ?? '' },
    etag: known.etag,
    isChecked: Object.keys(promised).length > 0,
  }
}
