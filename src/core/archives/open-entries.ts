import { type BytesPlace, findManyBytes } from '../bytes-places.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { readStored } from '../stored-files.ts'
import { readNotice } from './archive-rows.ts'
import { type EntryBytes, SMALL_BYTES } from './entry-bytes.ts'
import type { StoredEntry } from './stored-entry.ts'

/**
 * The bytes of some entries, as their files are now: one query finds them all.
 * @throws DeliveryError `expired` when one of them is not there any more, or shows other bytes
 */
export async function openEntries(
  core: Core,
  archiveId: string,
  entries: readonly StoredEntry[],
): Promise<readonly EntryBytes[]> {
  const numbers = entries.flatMap(({ fileNumber }) => (fileNumber === null ? [] : [fileNumber]))
  const known = await findManyBytes(core, numbers)
  const files: EntryBytes[] = []
  for (const entry of entries) {
    if (entry.fileNumber === null) {
      files.push(textBytes(await readNotice(core, archiveId)))
      continue
    }
    const place = known.get(entry.fileNumber)
    if (place?.id !== entry.storedFileId) throw gone(entry)
    files.push(fileBytes(core, place))
  }
  return files
}

function gone({ name }: StoredEntry): DeliveryError {
  return new DeliveryError(
    'expired',
    `The file "${name}" of this archive is not there any more. Ask for a new archive.`,
  )
}

function fileBytes(core: Core, place: BytesPlace): EntryBytes {
  const { store } = core
  const { object_key: key, size, encryption } = place
  const read: EntryBytes['read'] = (span, signal) => readStored(core, place, { span, signal })
  if (store.readWhole === undefined || encryption !== null || size > SMALL_BYTES) return { read }
  return { read, readWhole: (target, at) => store.readWhole?.(key, { target, at, size }) }
}

function textBytes(text: string): EntryBytes {
  const bytes = Buffer.from(text)
  return {
    async *read({ start, end }) {
      yield bytes.subarray(start, end)
    },
  }
}
