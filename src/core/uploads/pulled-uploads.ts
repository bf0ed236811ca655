import type { JobRow, UploadRow } from '../../database/tables.ts'
import { findPrincipal } from '../accounts/accounts.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { ExpectedBytes } from '../expected-bytes.ts'
import { finishJob, type JobSteps } from '../jobs/job-life.ts'
import { enqueueJob } from '../jobs/jobs.ts'
import type { Principal } from '../principal.ts'
import { transact } from '../transact.ts'
import { uploadAtOnce } from './upload-at-once.ts'
import { demandTarget, type UploadTarget } from './upload-target.ts'
import { failUpload, findUpload, insertUpload } from './uploads.ts'

/** The kind of job that pulls a file from a URL. */
export const PULL_UPLOAD_JOB = 'upload-pull'

/** Others may be before it, and other servers slow: it waits for a week. */
const KEPT_MS = 7 * 24 * 3600_000

/** A file that is pulled. */
export interface Pull {
  upload: string
  url: string
  /** Were its size or a digest announced? Then half of it is known as such. */
  isAnnounced?: boolean
}

/**
 * Has a file pulled from a URL; how it stands is told by the upload.
 * @throws DeliveryError as `demandTarget` and `insertUpload`; `invalid` for what is no web address
 */
export async function requestPull(
  core: Core,
  principal: Principal,
  { url, ...wish }: { url: string; target: UploadTarget; expected: ExpectedBytes },
): Promise<UploadRow> {
  await demandTarget(core, principal, wish.target)
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new DeliveryError('invalid', 'Only http:// and https:// URLs can be pulled from.', {
      details: { field: 'url' },
    })
  }
  return await transact(core, async (change) => {
    const upload = await insertUpload(core, change, { principal, ...wish, keptMs: KEPT_MS })
    await enqueueJob(change, {
      kind: PULL_UPLOAD_JOB,
      queue: 'pulls',
      organizationId: principal.organizationId,
      accountId: principal.accountId,
      payload: { upload: upload.id, url, isAnnounced: isAnnounced(wish.expected) } satisfies Pull,
      maxAttempts: 5,
    })
    return upload
  })
}

function isAnnounced({ size, digests }: ExpectedBytes): boolean {
  return size !== undefined || (digests !== undefined && digests.size > 0)
}

/** What a job pulls. */
export function pullOf(job: JobRow): Pull {
  return JSON.parse(job.payload) as Pull
}

/** What a pull's attempts do to its upload. */
export const pullUploadSteps: JobSteps = {
  async begin(_core, change, job) {
    const upload = await findUpload(change.db, pullOf(job).upload)
    return upload !== null && upload.completed_at === null
  },

  async failed(_core, change, job, { message, final }) {
    if (final) await failUpload(change, pullOf(job).upload, message)
  },

  released: async () => {},
}

/**
 * Puts pulled bytes where they go, with the rights that whoever asked has now, and ends the job.
 * @throws DeliveryError `invalid` when whoever asked is suspended; `lease_lost`; as `uploadAtOnce`
 */
export async function completePulled(
  core: Core,
  job: JobRow,
  { source, signal }: { source: AsyncIterable<Uint8Array>; signal: AbortSignal },
): Promise<void> {
  const { upload: id } = pullOf(job)
  const principal = await findPrincipal(core, job.account_id)
  if (principal === null) {
    throw new DeliveryError('invalid', 'The account that asked for the file is suspended.')
  }
  await uploadAtOnce(core, principal, { id, source, expected: {}, signal })
  await finishJob(core, job, async () => {})
}
