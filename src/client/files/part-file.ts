import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ClientError } from '../client-error.ts'
import { asList, asObject, asSize, asText } from '../json.ts'
import { diskCodeOf } from './disk-code.ts'
import { createDiskSync } from './disk-sync.ts'
import { createDiskWriter, openDirectWriter } from './disk-writer.ts'

/** A run of bytes; the end is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What is written beside a part, so that another process goes on with it. */
export interface PartState {
  /** {@link RemoteFile.id} of the file. */
  readonly id: string
  readonly etag: string | null
  /** The origin that gave the tag: another one's tag is another validator. */
  readonly origin: string | null
  readonly size: number | null
  readonly spans: readonly Span[]
}

/** A file that is being fetched: `<target>.part`, and `<target>.part.json` about it. */
export interface PartFile {
  /** For reading, and to shorten it. */
  readonly handle: FileHandle
  /** @throws what the disk says */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** So many more bytes are written: now and then, what is there is synced while more comes. */
  wrote(bytes: number): void
  /**
   * Makes what was written last beyond a crash, and then says so.
   * @param isLast nothing more is written: on a full disk, the last of what came makes room for the word
   *   that the rest is there. While more comes, that would leave a hole
   */
  save(state: PartState, options: { isLast: boolean }): Promise<void>
  /**
   * Gives the part its name: from here on the file is whole.
   * @throws ClientError `unsafe_target` when something else lies in its place by now
   */
  finish(): Promise<void>
  /** Lets go of it; the part stays. */
  close(): Promise<void>
}

/** What an earlier process left of this file; null when that is nothing to go on with. */
export async function readPartState(target: string, id: string): Promise<PartState | null> {
  let text: string
  try {
    text = await readFile(`${target}.part.json`, 'utf8')
  } catch {
    return null
  }
  try {
    const state = asObject(JSON.parse(text))
    if (state.id !== id) return null
    const there = await lstat(`${target}.part`)
    const spans = asList(state.spans).map((one) => {
      const { start, end } = asObject(one)
      return { start: asSize(start) ?? 0, end: asSize(end) ?? 0 }
    })
    // Somebody took the part away, and left the word about it.
    if (spans.some(({ end }) => end > there.size)) return null
    const [etag, origin] = [asText(state.etag), asText(state.origin)]
    return { id, etag, origin, size: asSize(state.size), spans }
  } catch {
    return null
  }
}

/** From this length on, in bytes, what is fetched is rather kept than read at once. */
const directBytes = 64 * 1024 * 1024

/**
 * Opens the part, empty or as it was left. A link in its place is not followed.
 * @param size of the whole file, as far as it is known
 */
export async function openPart(
  target: string,
  { keep, size }: { keep: boolean; size: number | null },
): Promise<PartFile> {
  const path = `${target}.part`
  const flags =
    constants.O_RDWR |
    constants.O_CREAT |
    (constants.O_NOFOLLOW ?? 0) |
    (keep ? 0 : constants.O_TRUNC)
  const handle = await openSafely(path, flags)
  const disk = createDiskSync(handle)
  const isLarge = size !== null && size >= directBytes
  const writer = isLarge ? await openDirectWriter(path, handle) : createDiskWriter(handle)
  let saving = Promise.resolve()
  const save = async (state: PartState, isLast: boolean) => {
    await disk.sync()
    try {
      await writeState(path, state)
    } catch (error) {
      if (!isLast || !['ENOSPC', 'EDQUOT'].includes(diskCodeOf(error))) throw error
      const shorter = withoutEnd(state)
      await handle.truncate(shorter.spans.at(-1)?.end ?? 0)
      await writeState(path, shorter)
    }
  }
  return {
    handle,
    write: writer.write,
    wrote: disk.wrote,
    async save(state, { isLast }) {
      const mine = saving.then(() => save(state, isLast))
      saving = mine.catch(() => {})
      await mine
    },
    async finish() {
      await saving
      await disk.sync()
      await handle.sync()
      await refuseOther(target, handle)
      await writer.close()
      await handle.close()
      await rename(path, target)
      await removePartState(target)
    },
    async close() {
      await saving
      await writer.close()
      await handle.close()
    },
  }
}

/** What lies there now would get the name. Not by inode: some file systems make those up. */
async function refuseOther(target: string, handle: FileHandle): Promise<void> {
  const path = `${target}.part`
  const [there, { size }] = await Promise.all([lstat(path), handle.stat()])
  if (there.isFile() && there.size === size) return
  await removePartState(target)
  throw new ClientError('unsafe_target', `${path} is in the way: it is not what was written.`)
}

async function writeState(part: string, state: PartState): Promise<void> {
  const fresh = `${part}.json.new`
  // Made anew, so that nothing is written through a link.
  await rm(fresh, { force: true })
  try {
    // Synced before it takes the place of the last one: a crash left an empty one on XFS and ext4.
    await writeFile(fresh, JSON.stringify(state), { flag: 'wx', flush: true })
    await rename(fresh, `${part}.json`)
    await syncFolder(dirname(part))
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

const roomBytes = 1024 * 1024

function withoutEnd(state: PartState): PartState {
  const longest = state.spans.reduce((most, { end }) => Math.max(most, end), 0) - roomBytes
  const spans = state.spans
    .map(({ start, end }) => ({ start, end: Math.min(end, longest) }))
    .filter(({ start, end }) => start < end)
  return { ...state, spans }
}

async function openSafely(path: string, flags: number): Promise<FileHandle> {
  try {
    const handle = await open(path, flags, 0o666)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error
  }
  throw unsafePart(path)
}

/** The refusal to write where something else than a plain file lies. */
export function unsafePart(path: string): ClientError {
  return new ClientError('unsafe_target', `${path} is in the way: it is no plain file.`)
}

/** Removes what is left of a part. */
export async function removePart(target: string): Promise<void> {
  await rm(`${target}.part`, { force: true })
  await removePartState(target)
}

/** Forgets what an earlier process knew of a part. */
export async function removePartState(target: string): Promise<void> {
  await rm(`${target}.part.json`, { force: true })
  // Of a process that died over it.
  await rm(`${target}.part.json.new`, { force: true })
}

/** Makes new names in a folder last beyond a crash, where the system has such a thing. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle
  try {
    handle = await open(folder, constants.O_RDONLY)
  } catch {
    return
  }
  await handle.sync().catch(() => {})
  await handle.close()
}
