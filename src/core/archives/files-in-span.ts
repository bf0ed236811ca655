import type { ByteSpan } from '../content.ts'
import { nextTurn } from './archive-source.ts'
import { type Placed, placeEntries } from './layout.ts'
import type { ReadableArchive } from './read-archive.ts'
import type { StoredEntry } from './stored-entry.ts'

export interface FileInSpan {
  readonly fileNumber: number
  /** Counted from the file's beginning. */
  readonly span: ByteSpan
}

/**
 * Whose bytes a span of an archive is made of: the files and the spans of them, a block at a time. An
 * empty file is in it when the end of its header is.
 */
export async function* filesInSpan(
  archive: Pick<ReadableArchive<StoredEntry>, 'format' | 'totals' | 'findBlock'>,
  { start, end }: ByteSpan,
): AsyncGenerator<FileInSpan[]> {
  const last = Math.min(end, archive.totals.directoryOffset)
  for (let position = start; position < last; ) {
    const block = await archive.findBlock(position)
    const places = block === null ? [] : placeEntries(archive.format, block)
    // Swept meanwhile: nobody can be told of files that nobody knows any more.
    if (places.length === 0) return
    yield places.flatMap((place) => inSpan(place, { start: position, end: last }))
    position = places.at(-1)?.end ?? last
    await nextTurn()
  }
}

function inSpan(
  { entry, dataOffset, dataEnd }: Placed<StoredEntry>,
  { start, end }: ByteSpan,
): FileInSpan[] {
  if (entry.fileNumber === null) return []
  const from = Math.max(start, dataOffset)
  const to = Math.min(end, dataEnd)
  const isIn = entry.size === 0 ? start < dataOffset && dataOffset <= end : from < to
  if (!isIn) return []
  return [
    { fileNumber: entry.fileNumber, span: { start: from - dataOffset, end: to - dataOffset } },
  ]
}
