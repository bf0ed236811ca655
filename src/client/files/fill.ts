import { discard } from '../drain.ts'
import type { BodyReader, HttpAnswer } from '../http-answer.ts'
import { ask } from './ask.ts'
import { type BlockWriter, createBlockWriter } from './block-writer.ts'
import type { PartFile } from './part-file.ts'
import { createPatience } from './patience.ts'
import type { Region } from './regions.ts'
import { Setback } from './setback.ts'
import { brokenOff, createStallGuard, type StallGuard, setbackOf } from './stall-guard.ts'
import { count, type Transfer } from './transfer.ts'

export interface Filling {
  readonly part: Pick<PartFile, 'write' | 'wrote'>
  readonly signal: AbortSignal
  /** Bytes in the order in which they stand in the file, for whoever digests them meanwhile. */
  onChunk(position: number, chunk: Uint8Array): void
  /** An answer is there: how long the file is may be known now. */
  onAnswer(): void
}

/** An answer whose body is still to come, with who watches over it. */
export interface Opened {
  readonly response: HttpAnswer
  readonly guard: StallGuard
}

/**
 * Fills a region by as many requests as it takes.
 * @param first an answer that begins where the region does
 * @throws StartAgain, ClientError, and what the disk says
 */
export async function fill(
  transfer: Transfer,
  region: Region,
  { first, ...filling }: Filling & { first?: Opened | undefined },
): Promise<void> {
  const patience = createPatience(transfer)
  let opened = first
  while (region.end === null || region.at < region.end) {
    const before = region.at
    const guard = opened?.guard ?? createStallGuard(transfer.options.stallMs, filling.signal)
    try {
      const response = opened?.response ?? (await ask(transfer, wantedOf(region), guard.signal))
      filling.onAnswer()
      if (region.end === null) region.end = transfer.known.size
      if (region.end !== null && region.at >= region.end) discard(response)
      else await pour(transfer, { region, response, guard }, filling)
    } catch (error) {
      await patience.after(setbackOf(error, guard), region.at > before)
    } finally {
      guard.end()
      opened = undefined
    }
  }
}

function wantedOf({ at, end }: Region): { start: number; end: number | null } {
  return { start: at, end }
}

interface Pouring {
  readonly region: Region
  readonly response: HttpAnswer
  readonly guard: StallGuard
}

/** Writes a body to its place. A body that ends early is a setback. */
async function pour(transfer: Transfer, pouring: Pouring, filling: Filling): Promise<void> {
  const { region, response, guard } = pouring
  const reader = response.body?.getReader()
  const writer = createBlockWriter(filling.part, region.at, transfer.options.blocks)
  try {
    for (;;) {
      const chunk = reader === undefined ? null : await next(reader, guard)
      if (chunk === null) break
      guard.touch()
      const wanted = within(region, chunk)
      if (wanted.byteLength > 0) await take(transfer, { ...pouring, writer }, { wanted, filling })
      reader?.release?.(chunk)
      if (wanted.byteLength < chunk.byteLength || region.at === region.end) return
      region.written = writer.written
    }
  } finally {
    // Nothing of it is wanted any more, least of all when the disk refused it.
    void reader?.cancel().catch(() => {})
    try {
      await writer.flush()
    } finally {
      region.written = writer.written
    }
  }
  if (region.end === null) {
    // Without a length, the end of the body is the end of the file.
    region.end = region.at
  } else if (region.at < region.end) {
    throw new Setback('unreachable', 'The connection ended before the file did.')
  }
}

async function take(
  transfer: Transfer,
  { region, guard, writer }: Pouring & { writer: BlockWriter },
  { wanted, filling }: { wanted: Uint8Array; filling: Filling },
): Promise<void> {
  const { rateLimit } = transfer.options
  filling.onChunk(region.at, wanted)
  region.at += wanted.byteLength
  count(transfer, wanted.byteLength)
  const room = writer.push(wanted)
  if (room !== undefined) await guard.pauseFor(room)
  if (rateLimit !== null) {
    await guard.pauseFor(rateLimit.take(wanted.byteLength, guard.signal))
  }
}

async function next(reader: BodyReader, guard: StallGuard): Promise<Uint8Array | null> {
  try {
    const { done, value } = await reader.read()
    return done ? null : (value ?? null)
  } catch {
    throw brokenOff(guard)
  }
}

/** Another connection may have taken the rest of the region. */
function within({ at, end }: Region, chunk: Uint8Array): Uint8Array {
  if (end === null || at + chunk.byteLength <= end) return chunk
  return chunk.subarray(0, Math.max(0, end - at))
}
