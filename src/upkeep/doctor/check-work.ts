import type { Core } from '../../core/core.ts'
import { nextClaimableAt, serverQueues } from '../../core/jobs/jobs.ts'
import { findMissing } from '../../core/kept-files/find-missing.ts'
import { orphanKeys } from '../../core/sweep.ts'
import { counted } from '../../counted.ts'
import { type Finding, findingsOf } from './finding.ts'

const DAY_MS = 24 * 3600_000
/** Longer than any worker that lives takes to look. */
const LATE_MS = 5 * 60_000

/** Does the work that is asked for get done? */
export async function* checkWork(core: Core): AsyncGenerator<Finding> {
  yield await checkDeadJobs(core)
  yield await checkWaiting(core)
  yield await checkMasterKeys(core)
}

async function checkDeadJobs({ database }: Core): Promise<Finding> {
  const { ok, warn } = findingsOf('dead-jobs')
  const { count } = await database.kysely
    .selectFrom('jobs')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'dead')
    .where('finished_at', '>', database.now() - 7 * DAY_MS)
    .executeTakeFirstOrThrow()
  if (Number(count) === 0) return ok('No job was given up in the last seven days.')
  return warn(
    `Given up in the last seven days: ${counted(Number(count), 'job')}.`,
    'The portal shows them and their reasons under Jobs.',
  )
}

async function checkWaiting({ database }: Core): Promise<Finding> {
  const { ok, warn } = findingsOf('waiting-jobs')
  const due = await nextClaimableAt(database.kysely, { queues: serverQueues })
  const late = due === null ? 0 : database.now() - due
  if (late < LATE_MS) return ok('No job waits for a worker.')
  return warn(
    `A job has waited for a worker for ${counted(Math.round(late / 60_000), 'minute')}.`,
    'Start a server, or raise CLAIMCHECK_JOB_CONCURRENCY.',
  )
}

async function checkMasterKeys({ database, masterKeys }: Core): Promise<Finding> {
  const { ok, warn, fail } = findingsOf('wrapped-keys')
  const rows = await database.kysely
    .selectFrom('stored_files')
    .select('master_key_id as id')
    .distinct()
    .where('master_key_id', 'is not', null)
    .execute()
  const used = rows.flatMap(({ id }) => (id === null ? [] : [id]))
  const { firstId, retiredIds } = masterKeys
  const lost = used.filter((id) => id !== firstId && !retiredIds.includes(id))
  if (lost.length > 0) {
    return fail(
      `Files are encrypted under ${lost.join(', ')}, which CLAIMCHECK_MASTER_KEYS does not have.`,
      'Bring the keys back: without them these files cannot be read.',
    )
  }
  if (used.every((id) => id === firstId)) return ok('Each encrypted file is under the first key.')
  return warn('Files are still under an older key.', 'Keep it until the sweep has wrapped them.')
}

/** Looks through the whole store, both ways. */
export async function* checkObjects(core: Core, signal: AbortSignal): AsyncGenerator<Finding> {
  const orphans = await count(orphanKeys(core, signal))
  const lost = findingsOf('orphans')
  yield orphans === 0
    ? lost.ok('Each object has its row.')
    : lost.warn(`${counted(orphans, 'object')} without a row.`, 'The next sweep takes them away.')
  const missing = await count(findMissing(core, signal))
  const gone = findingsOf('missing-objects')
  yield missing === 0
    ? gone.ok('Each row has its object.')
    : gone.fail(
        `${counted(missing, 'file')} without an object, or with one of another size.`,
        '"claimcheck sweep --dry-run" names them: bring them back from a backup.',
      )
}

async function count(things: AsyncIterable<unknown>): Promise<number> {
  let counted = 0
  for await (const _thing of things) counted += 1
  return counted
}
