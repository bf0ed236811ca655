import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClientError } from '../client-error.ts'
import { asObject, asSize, asText } from '../json.ts'

/** The record's name in the target folder. */
export const recordName = '.claimcheck.json'

/** What is known of a file in the folder. */
export interface RecordedFile {
  readonly size: number
  readonly sha256: string
  /** {@link RemoteFile.id}: where it came from. */
  readonly source: string
  readonly etag: string | null
}

/** `.claimcheck.json`: which files of a folder were fetched whole, and what they are. */
export interface FolderRecord {
  /** By the path below the folder, with `/`. */
  readonly files: ReadonlyMap<string, RecordedFile>
  pathOf(source: string): string | null
  set(path: string, file: RecordedFile): void
  /** Writes what changed. */
  save(): Promise<void>
}

/** How often it is written while files come, in ms, and less often when that takes long: it may have megabytes. */
const saveEveryMs = 1000

/**
 * Reads the record of a folder, empty where there is none yet.
 * @throws ClientError `bad_input` when there is one that cannot be read
 */
export async function openFolderRecord(folder: string): Promise<FolderRecord> {
  const path = join(folder, recordName)
  const files = await readRecord(path)
  const bySource = new Map([...files].map(([name, { source }]) => [source, name]))
  let isChanged = false
  let saving: Promise<void> = Promise.resolve()
  let saveAt = Date.now() + saveEveryMs
  const save = async () => {
    if (!isChanged) return
    isChanged = false
    const started = Date.now()
    await writeRecord(path, files)
    saveAt = Date.now() + Math.max(saveEveryMs, 20 * (Date.now() - started))
  }
  const queueSave = () => {
    const mine = saving.then(save)
    saving = mine.catch(() => {})
    return mine
  }
  return {
    files,
    pathOf: (source) => bySource.get(source) ?? null,
    set(name, file) {
      files.set(name, file)
      bySource.set(file.source, name)
      isChanged = true
      if (Date.now() < saveAt) return
      saveAt = Number.POSITIVE_INFINITY
      // The save at the end says why it cannot be written.
      queueSave().catch(() => {
        isChanged = true
        saveAt = Date.now() + saveEveryMs
      })
    },
    save: queueSave,
  }
}

async function readRecord(path: string): Promise<Map<string, RecordedFile>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  const files = new Map<string, RecordedFile>()
  try {
    for (const [name, value] of Object.entries(asObject(asObject(JSON.parse(text)).files))) {
      const { size, sha256, source, etag } = asObject(value)
      const facts = { size: asSize(size) ?? -1, sha256: asText(sha256) ?? '' }
      files.set(name, { ...facts, source: asText(source) ?? '', etag: asText(etag) })
    }
  } catch (cause) {
    throw new ClientError('bad_input', `${path} is damaged: remove it, and run "get" again.`, {
      cause,
    })
  }
  return files
}

/** A crash leaves the old record or the new one. */
async function writeRecord(path: string, files: Map<string, RecordedFile>): Promise<void> {
  const sorted = [...files].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const text = JSON.stringify({ claimcheck: 1, files: Object.fromEntries(sorted) }, null, 1)
  const fresh = `${path}.new`
  await rm(fresh, { force: true })
  try {
    await writeFile(fresh, `${text}\n`, { flag: 'wx', flush: true })
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}
