import { isFrozen } from '../database/freeze.ts'
import { deleteOldArchives, endArchives } from './archives/archive-rows.ts'
import type { Core } from './core.ts'
import { findExpired, moveDelivery } from './deliveries.ts'
import { expireFiles } from './delivery-files.ts'
import { forgetUses } from './grants/grant-uses.ts'
import { forgetGrants } from './grants/grants.ts'
import { forgetOldKeys } from './idempotency.ts'
import { clearLostDrafts } from './imports/import-jobs.ts'
import { releaseEndedUploads } from './imports/imports.ts'
import { compactRosters } from './imports/roster.ts'
import { cancelJobs, isHeld } from './jobs/jobs.ts'
import { forgetManifests } from './manifests/manifests.ts'
import { forgetPieces } from './manifests/piece-hashes.ts'
import { closeOrder } from './orders/order-progress.ts'
import { removeLostWorkFiles, rewrapWorkFiles } from './outside-work/work-files.ts'
import { expirePortOrders } from './port-orders/port-order-expiry.ts'
import { deleteUnreferenced, keysWithRow, rewrapKeys } from './stored-files.ts'
import { removeStudyDelivery } from './studies/studies.ts'
import { removeStudyFiles, someStudyFiles } from './studies/study-files.ts'
import { transact } from './transact.ts'
import { isOfUpload, removeGivenUp } from './uploads/complete-upload.ts'
import { rewrapParts } from './uploads/rewrap-parts.ts'
import { countStored } from './usage.ts'

const DAY_MS = 24 * 3600 * 1000
/** Rows in one transaction, so that no sweep holds up the requests for long. */
const BATCH = 200

export interface SweepReport {
  /** Deliveries whose time was over. */
  expired: number
  /** Files that nothing referred to any more. */
  unreferenced: number
  /** Objects without a row, left by a crash. */
  orphans: number
  /** Half-written objects, left by a crash. */
  abandoned: number
  /** Port orders that waited too long for their customer. */
  lapsed: number
  /** Encrypted files whose key was under a master key other than the first. */
  rewrapped: number
}

export interface SweepOptions {
  /** Also look through the whole store for objects without a row; slow where there are many. */
  orphans: boolean
  /** Change nothing, only count what would go. */
  dryRun?: boolean
  signal?: AbortSignal
}

/**
 * Takes away what nobody needs: deliveries past their time, bytes that nothing refers to, objects
 * that a crash left without a row. What is younger than the grace period, or belongs to a job that
 * is still held, stays.
 */
export async function sweep(core: Core, options: SweepOptions): Promise<SweepReport> {
  if (options.dryRun) return await count(core, options)
  const lapsed = await expirePortOrders(core, options)
  const expired = await expireDeliveries(core, options)
  await releaseEndedUploads(core)
  const unreferenced = await removeUnreferenced(core, options)
  await clearLostDrafts(core, options.signal)
  await compactRosters(core, options.signal)
  await removeLostWorkFiles(core, { signal: options.signal })
  const orphans = options.orphans ? await removeOrphans(core, options) : 0
  const before = core.database.now() - core.settings.orphanGraceSeconds * 1000
  const abandoned = await core.store.removeAbandoned(before)
  await transact(core, forgetOldKeys)
  await removeOldArchives(core, options)
  await forgetGrants(core, core.database.now() - 30 * DAY_MS)
  await forgetUses(core)
  await forgetManifests(core, core.database.now() - 30 * DAY_MS)
  await forgetPieces(core)
  await countStored(core)
  await removeGivenUp(core, options.signal)
  const rewrapped =
    (await rewrapAll(core, options)) +
    (await rewrapWorkFiles(core, options.signal)) +
    (await rewrapParts(core, options.signal))
  return { expired, unreferenced, orphans, abandoned, lapsed, rewrapped }
}

async function rewrapAll(core: Core, { signal }: SweepOptions): Promise<number> {
  let rewrapped = 0
  while (!signal?.aborted) {
    const count = await transact(core, (change) => rewrapKeys(core, change, BATCH))
    rewrapped += count
    if (count < BATCH) break
  }
  return rewrapped
}

async function count(core: Core, options: SweepOptions): Promise<SweepReport> {
  const expired = await findExpired(core.database.kysely, core.database.now(), 1_000_000)
  let orphans = 0
  if (options.orphans) {
    for await (const _key of orphanKeys(core, options.signal)) orphans += 1
  }
  return {
    expired: expired.length,
    unreferenced: 0,
    orphans,
    abandoned: 0,
    lapsed: 0,
    rewrapped: 0,
  }
}

async function expireDeliveries(core: Core, { signal }: SweepOptions): Promise<number> {
  let expired = 0
  while (!signal?.aborted) {
    const due = await findExpired(core.database.kysely, core.database.now(), 1)
    const [delivery] = due
    if (delivery === undefined) return expired
    // The files first, in pieces: a delivery is `expired` when all of its bytes are let go.
    for (;;) {
      const let_go = await transact(core, (change) => expireFiles(change, delivery.number, BATCH))
      if (let_go < BATCH) break
    }
    if (delivery.kind === 'study') await unlist(core, delivery.number)
    await transact(core, async (change) => {
      await cancelJobs(change, delivery.number)
      await moveDelivery(change, delivery, { to: 'expired' })
      if (delivery.kind === 'study') await removeStudyDelivery(change, delivery.number)
      await endArchives(change, delivery.number)
      if (delivery.kind === 'order') await closeOrder(core, change, delivery.number)
    })
    expired += 1
  }
  return expired
}

async function unlist(core: Core, deliveryNumber: number): Promise<void> {
  for (;;) {
    const numbers = await someStudyFiles(core.database.kysely, deliveryNumber, BATCH)
    if (numbers.length === 0) return
    await transact(core, (change) => removeStudyFiles(change, numbers))
  }
}

async function removeOldArchives(core: Core, { signal }: SweepOptions): Promise<void> {
  while (!signal?.aborted) {
    const deleted = await transact(core, (change) => deleteOldArchives(change, BATCH))
    if (deleted < BATCH) return
  }
}

async function removeUnreferenced(core: Core, { signal }: SweepOptions): Promise<number> {
  let removed = 0
  while (!signal?.aborted) {
    const { looked, objectKeys } = await transact(core, (change) =>
      deleteUnreferenced(change, BATCH),
    )
    // Dies the server here, the objects are orphans, and the look through the store finds them.
    for (const key of objectKeys) await core.store.remove(key)
    removed += objectKeys.length
    if (looked < BATCH) return removed
  }
  return removed
}

async function removeOrphans(core: Core, { signal }: SweepOptions): Promise<number> {
  let removed = 0
  for await (const key of orphanKeys(core, signal)) {
    await core.store.remove(key)
    removed += 1
  }
  return removed
}

/** Objects that have no row, are older than the grace period, and whose writer is gone. */
export async function* orphanKeys(core: Core, signal?: AbortSignal): AsyncGenerator<string> {
  const before = core.database.now() - core.settings.orphanGraceSeconds * 1000
  let batch: string[] = []
  for await (const object of core.store.list('')) {
    if (signal?.aborted) return
    if (object.modifiedAt < before) batch.push(object.key)
    if (batch.length < BATCH) continue
    yield* withoutRow(core, batch)
    batch = []
  }
  yield* withoutRow(core, batch)
}

async function* withoutRow(core: Core, keys: readonly string[]): AsyncGenerator<string> {
  // Where the store was not moved along, the new nodes put into it what this database knows nothing of.
  if (await isFrozen(core.database)) return
  const left: string[] = []
  for (const key of keys) if (!(await isBeingWritten(core, key))) left.push(key)
  // Asked for last: a job that ends well in between has given its objects their rows by now.
  const known = await keysWithRow(core.database.kysely, left)
  for (const key of left) if (!known.has(key)) yield key
}

/** Keys of a job's results name the job and the attempt, so that one can ask whether it may still end well. */
async function isBeingWritten(core: Core, key: string): Promise<boolean> {
  const match = /^jobs\/(\d+)-(\d+)\//.exec(key)
  if (match === null) return await isOfUpload(core, key)
  const [, number, attempt] = match
  return await isHeld(core.database.kysely, { number: Number(number), attempt: Number(attempt) })
}
