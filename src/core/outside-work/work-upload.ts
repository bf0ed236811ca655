import type { WorkFileRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import { type ExpectedBytes, storeExpected } from '../expected-bytes.ts'
import { isFileName } from '../file-name.ts'
import type { MadeFile } from '../jobs/download-jobs.ts'
import { type HeldJob, heartbeat } from '../jobs/jobs.ts'
import { checkMediaType } from '../media-type.ts'
import type { Principal } from '../principal.ts'
import { discardBytes, type StoredBytes } from '../stored-files.ts'
import { transact } from '../transact.ts'
import { findHeldWork } from './outside-work.ts'
import { countWorkFiles, putWorkFile } from './work-files.ts'

/** How many files one attempt may put in. */
const MOST_FILES = 10_000

export interface WorkUpload {
  held: HeldJob
  name: string
  mediaType: string
  source: AsyncIterable<Uint8Array>
  expected: ExpectedBytes
  signal?: AbortSignal
}

/**
 * Takes in one file of an attempt, streamed to the store; the lease is kept while bytes come. A file
 * of the same name is replaced. Nobody sees it before the attempt ends well.
 * @throws DeliveryError as `findHeldWork`; `invalid` for a bad name or media type, or bytes that are not what the
 *   sender said, `limit_reached` over 10,000 files, `storage_full`. Nothing of it stays then.
 */
export async function putWork(
  core: Core,
  principal: Principal,
  upload: WorkUpload,
): Promise<Pick<WorkFileRow, 'name' | 'size' | 'sha256'>> {
  checkName(upload.name)
  checkMediaType(upload.mediaType)
  const { held } = upload
  await findHeldWork(core, principal, held)
  if ((await countWorkFiles(core.database.kysely, held)) >= MOST_FILES) {
    throw new DeliveryError('limit_reached', `One job puts in at most ${MOST_FILES} files.`)
  }
  const bytes = await store(core, upload)
  const made: MadeFile = { name: upload.name, mediaType: upload.mediaType, bytes }
  try {
    const replaced = await transact(core, async (change) => {
      const { stop } = await heartbeat(change, core, held)
      if (stop) throw new DeliveryError('lease_lost', 'The job was cancelled.')
      return await putWorkFile(change, held, made)
    })
    if (replaced !== null) await core.store.remove(replaced)
  } catch (error) {
    await discardBytes(core, [bytes.objectKey], error)
    throw error
  }
  return { name: made.name, size: bytes.size, sha256: bytes.sha256 }
}

async function store(core: Core, upload: WorkUpload): Promise<StoredBytes> {
  const { held, expected, signal } = upload
  const prefix = `jobs/${held.number}-${held.attempt}`
  return await storeExpected(core, { prefix, source: keepingLease(core, upload), expected, signal })
}

/** A file that takes longer than the lease must not cost the job. */
async function* keepingLease(core: Core, { held, source }: WorkUpload): AsyncGenerator<Uint8Array> {
  const everyMs = (core.settings.leaseSeconds * 1000) / 3
  let last = performance.now()
  for await (const chunk of source) {
    if (performance.now() - last >= everyMs) {
      last = performance.now()
      const { stop } = await transact(core, (change) => heartbeat(change, core, held))
      if (stop) throw new DeliveryError('lease_lost', 'The job was cancelled.')
    }
    yield chunk
  }
}

function checkName(name: string): void {
  if (isFileName(name)) return
  throw new DeliveryError(
    'invalid',
    'A file name has 1 to 255 characters without slashes or control characters.',
    { details: { field: 'name' } },
  )
}
