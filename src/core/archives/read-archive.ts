import { crc32 } from 'node:zlib'
import type { ByteSpan } from '../content.ts'
import { DeliveryError } from '../errors.ts'
import type { ArchiveEntry, ArchiveFormat, ArchiveTotals } from './archive-format.ts'
import { nextTurn } from './archive-source.ts'
import { demandCrc32 } from './checked-bytes.ts'
import { ChunkGatherer } from './chunk-gatherer.ts'
import { type EntryBytes, SMALL_BYTES } from './entry-bytes.ts'
import { type EntryBlock, type Placed, placeEntries } from './layout.ts'
import { SmallFiles } from './small-files.ts'

/** What the bytes of an archive are made from. */
export interface ReadableArchive<Entry extends ArchiveEntry = ArchiveEntry> {
  readonly format: ArchiveFormat
  readonly totals: ArchiveTotals
  /** The last block that begins at or before a byte of the archive. */
  findBlock(offset: number): Promise<EntryBlock<Entry> | null>
  /** The last block whose records begin at or before a byte of the directory. */
  findRecordBlock(recordOffset: number): Promise<EntryBlock<Entry> | null>
  /** @throws DeliveryError `expired` when one is not there any more */
  open(entries: readonly Entry[]): Promise<readonly EntryBytes[]>
}

/** The main thread is given back after so long, in ms: small files are read on it. */
const TURN_MS = 8

/**
 * The bytes of a span of an archive. Where it begins is found by one look-up, however many entries
 * come before; from there it goes block by block. It throws when a file is gone or is not what it
 * was when the archive was opened, and never ends short.
 */
export async function* readArchive<Entry extends ArchiveEntry>(
  archive: ReadableArchive<Entry>,
  span: ByteSpan,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { directoryOffset, directorySize, size } = archive.totals
  const out = new ChunkGatherer()
  try {
    const entries = clip(span, 0, directoryOffset)
    if (entries.start < entries.end) yield* readEntries(archive, entries, { out, signal })
    const directory = clip(span, directoryOffset, directoryOffset + directorySize)
    if (directory.start < directory.end) yield* readDirectory(archive, directory, { out, signal })
    const trailer = clip(span, directoryOffset + directorySize, size)
    if (out.room < trailer.end - trailer.start) yield out.take()
    out.append(archive.format.trailer(archive.totals).subarray(trailer.start, trailer.end))
    if (out.length > 0) yield out.take()
  } finally {
    out.release()
  }
}

/** The part of a span that lies in [from, to), counted from `from`. */
function clip({ start, end }: ByteSpan, from: number, to: number): ByteSpan {
  const first = Math.min(Math.max(start, from), to)
  return { start: first - from, end: Math.max(first, Math.min(end, to)) - from }
}

interface Way {
  readonly out: ChunkGatherer
  readonly signal: AbortSignal | undefined
}

/** Written as one loop: a generator of its own for each small file would cost as much as reading it. */
async function* readEntries<Entry extends ArchiveEntry>(
  archive: ReadableArchive<Entry>,
  span: ByteSpan,
  { out, signal }: Way,
): AsyncGenerator<Uint8Array> {
  const { format } = archive
  let turnBegan = performance.now()
  for (let position = span.start; position < span.end; ) {
    signal?.throwIfAborted()
    const { places, files } = await openBlock(archive, { start: position, end: span.end })
    const small = new SmallFiles(places, files, signal)
    for (const [index, place] of places.entries()) {
      const file = files[index]
      if (file === undefined) throw lost()
      const length = place.end - place.offset
      const isWhole = place.offset >= position && place.end <= span.end
      if (isWhole && place.entry.size <= SMALL_BYTES) {
        if (out.room <= length) {
          yield out.take()
          out.recycle()
        }
        const bytes = file.readWhole === undefined ? await small.read(index) : null
        appendSmall(out, format, { place, file, bytes })
      } else {
        yield* readPart(
          format,
          { place, file },
          { span: { start: position, end: span.end }, out, signal },
        )
      }
      if (performance.now() - turnBegan > TURN_MS) {
        signal?.throwIfAborted()
        await nextTurn()
        turnBegan = performance.now()
      }
    }
    position = places.at(-1)?.end ?? span.end
  }
}

/** The entries of one block that a span touches, the block being the one in which it begins. */
async function openBlock<Entry extends ArchiveEntry>(
  archive: ReadableArchive<Entry>,
  { start, end }: ByteSpan,
): Promise<{ places: Placed<Entry>[]; files: readonly EntryBytes[] }> {
  const block = await archive.findBlock(start)
  const all = block === null ? [] : placeEntries(archive.format, block)
  const places = all.filter((place) => place.end > start && place.offset < end)
  if (places.length === 0) throw lost()
  return { places, files: await archive.open(places.map(({ entry }) => entry)) }
}

function lost(): Error {
  return new DeliveryError(
    'expired',
    'The list of this archive is not there any more. Ask for a new archive.',
  )
}

/** There is room for all of it, and one byte more. */
function appendSmall(
  out: ChunkGatherer,
  format: ArchiveFormat,
  { place, file, bytes }: { place: Placed; file: EntryBytes; bytes: Uint8Array | null },
): void {
  const { entry } = place
  out.append(format.header(entry))
  const { buffer, length } = out
  if (bytes === null) file.readWhole?.(buffer, length)
  else buffer.set(bytes, length)
  const dataEnd = length + entry.size
  // Half a microsecond for 1 KiB; for large files it would take a third of the speed.
  demandCrc32(entry, crc32(buffer.subarray(length, dataEnd)))
  buffer.fill(0, dataEnd, dataEnd + place.end - place.dataEnd)
  out.advance(entry.size + place.end - place.dataEnd)
}

/** A large entry, or a part of one. */
async function* readPart(
  format: ArchiveFormat,
  { place, file }: { place: Placed; file: EntryBytes },
  { span, out, signal }: Way & { span: ByteSpan },
): AsyncGenerator<Uint8Array> {
  const header = clip(span, place.offset, place.dataOffset)
  const data = clip(span, place.dataOffset, place.dataEnd)
  const padding = clip(span, place.dataEnd, place.end)
  if (header.start < header.end) {
    if (out.room < header.end - header.start) yield out.take()
    out.append(format.header(place.entry).subarray(header.start, header.end))
  }
  if (data.start < data.end) {
    if (out.length > 0) yield out.take()
    // The file has buffers of its own.
    out.release()
    yield* file.read(data, signal)
  }
  if (padding.start < padding.end) {
    if (out.room < padding.end - padding.start) yield out.take()
    out.append(Buffer.alloc(padding.end - padding.start))
  }
}

async function* readDirectory<Entry extends ArchiveEntry>(
  archive: ReadableArchive<Entry>,
  span: ByteSpan,
  { out, signal }: Way,
): AsyncGenerator<Uint8Array> {
  const { format } = archive
  for (let position = span.start; position < span.end; ) {
    signal?.throwIfAborted()
    const block = await archive.findRecordBlock(position)
    if (block === null) throw lost()
    let recordOffset = block.recordOffset
    for (const { entry, offset } of placeEntries(format, block)) {
      const record = format.record(entry, offset)
      const part = clip(
        { start: position, end: span.end },
        recordOffset,
        recordOffset + record.length,
      )
      recordOffset += record.length
      if (out.room < part.end - part.start) {
        yield out.take()
        out.recycle()
      }
      out.append(record.subarray(part.start, part.end))
    }
    if (recordOffset <= position) throw lost()
    position = recordOffset
    await nextTurn()
  }
}
