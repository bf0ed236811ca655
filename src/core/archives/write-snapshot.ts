import { crc32 } from 'node:zlib'
import type { ArchiveRow } from '../../database/archive-tables.ts'
import type { Core } from '../core.ts'
import { transact } from '../transact.ts'
import { archiveFormats } from './archive-formats.ts'
import { completeArchive, insertArchive, type NewArchive } from './archive-rows.ts'
import {
  type ArchiveSource,
  type Candidate,
  createFingerprint,
  nextTurn,
} from './archive-source.ts'
import { insertBlocks } from './entry-blocks.ts'
import { createLayout, type EntryBlock, type Layout } from './layout.ts'
import { NameRegister } from './name-register.ts'
import { createNotice, NOTICE_NAME, type Notice } from './notice.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Entries of one row: so many are read when a range wants one of them. */
const ENTRIES_IN_BLOCK = 128

export interface Snapshot {
  readonly archive: NewArchive
  readonly source: ArchiveSource
  /** The permissions that its files ask for; complete when the source has been walked. */
  readonly needs: ReadonlySet<string>
  /** What tells archives of the same list apart. */
  readonly salt: string
  /** Of the list; taken from it when null. */
  readonly fingerprint: string | null
}

/**
 * Writes down a list as it is now: final names, sizes, CRCs and offsets. It goes in small
 * transactions, a page of files each, and nobody sees it before the last of them.
 */
export async function writeSnapshot(
  core: Core,
  { archive, source, needs, salt, fingerprint }: Snapshot,
): Promise<ArchiveRow> {
  const layout = createLayout(archiveFormats[archive.format])
  const packer = createPacker(layout)
  const naming = { names: new NameRegister(), notice: createNotice() }
  const taken = createFingerprint(salt)
  let endsAt: number | null = null
  const id = await transact(core, (change) => insertArchive(change, archive))
  for await (const page of source()) {
    taken.add(page)
    endsAt = earlier(endsAt, page)
    const blocks = packer.add(toEntries(page, naming))
    if (blocks.length > 0) await transact(core, (change) => insertBlocks(change, id, blocks))
    await nextTurn()
  }
  const { notice } = naming
  const text = notice.text()
  const rest = packer
    .add(text === null ? [] : [noticeEntry(core, naming, text)])
    .concat(packer.end())
  return await transact(core, async (change) => {
    await insertBlocks(change, id, rest)
    return await completeArchive(change, id, {
      fingerprint: fingerprint ?? taken.end(),
      totals: layout.totals(),
      omitted: notice.count,
      needs,
      notice: text,
      endsAt,
    })
  })
}

function earlier(known: number | null, page: readonly Candidate[]): number | null {
  let earliest = known
  for (const candidate of page) {
    const endsAt = 'missing' in candidate ? null : candidate.endsAt
    if (endsAt !== null && (earliest === null || endsAt < earliest)) earliest = endsAt
  }
  return earliest
}

interface Naming {
  readonly names: NameRegister
  readonly notice: Notice
}

function toEntries(page: readonly Candidate[], { names, notice }: Naming): StoredEntry[] {
  const entries: StoredEntry[] = []
  for (const candidate of page) {
    if ('missing' in candidate) {
      notice.add(candidate.name, candidate.missing)
      continue
    }
    const { size, crc32, modifiedAt, fileNumber, storedFileId } = candidate
    const name = names.register(candidate.name, candidate)
    entries.push({ name, size, crc32, modifiedAt, fileNumber, storedFileId })
  }
  return entries
}

/** Last, because only then it is known what is missing. */
function noticeEntry(core: Core, { names }: Naming, text: string): StoredEntry {
  const bytes = Buffer.from(text)
  return {
    name: names.register(NOTICE_NAME, { folders: false }),
    size: bytes.length,
    crc32: crc32(bytes),
    modifiedAt: core.database.now(),
    fileNumber: null,
    storedFileId: null,
  }
}

interface Packer {
  /** Takes entries, and gives the blocks that are full. */
  add(entries: readonly StoredEntry[]): EntryBlock<StoredEntry>[]
  end(): EntryBlock<StoredEntry>[]
}

function createPacker(layout: Layout): Packer {
  let waiting: StoredEntry[] = []
  return {
    add(entries) {
      waiting = waiting.concat(entries)
      const blocks: EntryBlock<StoredEntry>[] = []
      let start = 0
      for (; start + ENTRIES_IN_BLOCK <= waiting.length; start += ENTRIES_IN_BLOCK) {
        blocks.push(layout.add(waiting.slice(start, start + ENTRIES_IN_BLOCK)))
      }
      waiting = waiting.slice(start)
      return blocks
    },
    end: () => (waiting.length === 0 ? [] : [layout.add(waiting)]),
  }
}
