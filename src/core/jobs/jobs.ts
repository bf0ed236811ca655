import { type Kysely, type QueryCreator, sql } from 'kysely'
import type { Connection } from '../../database/database.ts'
import { hotInsert, hotStatement } from '../../database/hot-query.ts'
import type { JobRow, Tables } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { Change } from '../transact.ts'
import { takeInTurns } from './turns.ts'

/**
 * The queues of what the servers do themselves. Other people's hosts may answer slowly: what waits
 * for them has queues of its own, and holds up nothing else.
 */
export const serverQueues = ['local', 'pulls', 'callbacks'] as const
export type ServerQueue = (typeof serverQueues)[number]
export type Queue = ServerQueue | `worker:${string}`

/** Is it one that the servers work on themselves? */
export function isServerQueue(queue: string): queue is ServerQueue {
  return (serverQueues as readonly string[]).includes(queue)
}

export interface NewJob {
  /** Names the handler. */
  kind: string
  /** One of the servers' own, or one for work that outside programs claim. */
  queue: Queue
  organizationId: string
  accountId: string
  deliveryNumber?: number
  payload?: unknown
  maxAttempts: number
}

/** Puts work into the queue, in the transaction of what it is about: neither is there without the other. */
export async function enqueueJob(change: Change, job: NewJob): Promise<JobRow> {
  const row = await insertRow(change.db, {
    kind: job.kind,
    queue: job.queue,
    organization_id: job.organizationId,
    account_id: job.accountId,
    delivery_number: job.deliveryNumber ?? null,
    payload: JSON.stringify(job.payload ?? null),
    state: 'waiting',
    claimable_at: change.now,
    attempt: 0,
    max_attempts: job.maxAttempts,
    worker: null,
    cancel_asked_at: null,
    message: null,
    created_at: change.now,
    started_at: null,
    finished_at: null,
  })
  change.signal('jobs', job.queue)
  return row
}

const insertRow = hotInsert('jobs')

/** What somebody who has room for jobs takes. */
export interface Claim {
  queue: string
  /** Names who claims in the jobs that it gets. */
  worker: string
  /** So many jobs at most. */
  limit: number
  /** Accounts whose jobs are left to others; none when it is left out. */
  except?: readonly string[]
}

/**
 * Takes jobs account by account, of each those that have waited longest, and makes them this worker's
 * until their lease ends. A running job whose lease has ended is taken again: its worker is dead, or no longer to
 * be believed. The attempt number that comes with it is the fence: every later step names it.
 */
export async function claimJobs(
  change: Change,
  core: Core,
  { queue, worker, limit, except = [] }: Claim,
): Promise<JobRow[]> {
  return await takeInTurns(core, change, { queue, limit, except }, async (accountId, share) => {
    const rows = await change.db
      // Read once, however the statement is planned: read anew it would lock others, and take more.
      .with(
        (cte) => cte('next').materialized(),
        (db) =>
          nextOfAccount(db, { queue, accountId, now: change.now })
            // Known to the planner: for any number it would rather read the whole table.
            .limit(sql.lit(share))
            // Two nodes that claim at once must not wait for each other; SQLite has only one writer.
            .$if(core.database.engine === 'postgres', (query) => query.forUpdate().skipLocked()),
      )
      .updateTable('jobs')
      .set({
        state: 'running',
        claimable_at: change.now + core.settings.leaseSeconds * 1000,
        attempt: sql<number>`attempt + 1`,
        worker,
        started_at: change.now,
      })
      .where('number', 'in', (db) => db.selectFrom('next').select('number'))
      .returningAll()
      .execute()
    return rows.sort((a, b) => a.number - b.number)
  })
}

/** The account as a range: `turns.ts` says why. */
function nextOfAccount(
  db: QueryCreator<Tables>,
  { queue, accountId, now }: { queue: string; accountId: string; now: number },
) {
  return db
    .selectFrom('jobs')
    .select('number')
    .where('queue', '=', queue)
    .where('account_id', '>=', accountId)
    .where('account_id', '<=', accountId)
    .where('claimable_at', '<=', now)
    .orderBy('account_id')
    .orderBy('claimable_at')
    .orderBy('number')
}

/** What a worker holds: enough to prove that the job is still its own. */
export type HeldJob = Pick<JobRow, 'number' | 'attempt'>

/**
 * Extends the lease. `stop` is true when somebody has asked for the job to be cancelled.
 * @throws DeliveryError `lease_lost` when the job is no longer this worker's
 */
export async function heartbeat(
  change: Change,
  core: Core,
  job: HeldJob,
): Promise<{ stop: boolean }> {
  const row = await change.db
    .updateTable('jobs')
    .set({ claimable_at: change.now + core.settings.leaseSeconds * 1000 })
    .where('number', '=', job.number)
    .where('attempt', '=', job.attempt)
    .where('state', '=', 'running')
    .returning('cancel_asked_at')
    .executeTakeFirst()
  if (row === undefined) throw leaseLost()
  return { stop: row.cancel_asked_at !== null }
}

/**
 * Ends a job, in the transaction that makes its results visible: a worker whose lease was taken
 * over cannot show anything.
 * @throws DeliveryError `lease_lost`
 */
export async function endJob(
  change: Change,
  job: HeldJob,
  end: { state: 'done' | 'dead' | 'canceled'; message?: string },
): Promise<void> {
  // Once it was asked to stop it may have been asked for anew: then another job speaks for the delivery.
  const statement = end.state === 'canceled' ? endHeld : endUnasked
  const values = [end.state, null, end.message ?? null, change.now]
  const [row] = await statement(change.db, [...values, job.number, job.attempt, 'running'])
  if (row === undefined) throw leaseLost()
}

function ending(db: Kysely<Tables>) {
  return db
    .updateTable('jobs')
    .set({ state: 'done', claimable_at: null, message: null, finished_at: 0 })
    .where('number', '=', 0)
    .where('attempt', '=', 0)
    .where('state', '=', 'running')
    .returning('number')
}

const endHeld = hotStatement((db) => ending(db).compile())
const endUnasked = hotStatement((db) => ending(db).where('cancel_asked_at', 'is', null).compile())

/**
 * Puts a job back to be claimed later: after a failed attempt, or when a node stops and hands back
 * what it had begun (`refund`: then the attempt does not count).
 * @throws DeliveryError `lease_lost`
 */
export async function putJobBack(
  change: Change,
  job: HeldJob,
  back: { after: number; message?: string; refund?: boolean },
): Promise<void> {
  const row = await change.db
    .updateTable('jobs')
    .set({
      state: 'waiting',
      claimable_at: change.now + back.after,
      // A refunded attempt is given back by raising the limit: the number itself is the fence and never falls.
      ...(back.refund ? { max_attempts: sql<number>`max_attempts + 1` } : {}),
      message: back.message ?? null,
      worker: null,
    })
    .where('number', '=', job.number)
    .where('attempt', '=', job.attempt)
    .where('state', '=', 'running')
    .where('cancel_asked_at', 'is', null)
    .returning('queue')
    .executeTakeFirst()
  if (row === undefined) throw leaseLost()
  change.signal('jobs', row.queue)
}

/**
 * Cancels the jobs of a delivery. A waiting one is over at once; a running one is told to stop, and
 * can no longer show results, because whoever cancels moves the delivery in the same transaction:
 * after this, because a worker holds its job first and then the delivery, too, and two who hold what the
 * other one wants cost PostgreSQL a second.
 */
export async function cancelJobs(change: Change, deliveryNumber: number): Promise<void> {
  await change.db
    .updateTable('jobs')
    .set({ state: 'canceled', claimable_at: null, finished_at: change.now })
    .where('delivery_number', '=', deliveryNumber)
    .where('state', '=', 'waiting')
    .execute()
  const running = await change.db
    .updateTable('jobs')
    .set({ cancel_asked_at: change.now })
    .where('delivery_number', '=', deliveryNumber)
    .where('state', '=', 'running')
    .returning('number')
    .execute()
  for (const job of running) change.signal('cancel', String(job.number))
}

/** May that attempt still end well? The sweeper spares its files as long as it may. */
export async function isHeld(db: Connection, job: HeldJob): Promise<boolean> {
  const row = await db
    .selectFrom('jobs')
    .select('number')
    .where('number', '=', job.number)
    .where('attempt', '=', job.attempt)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return row !== undefined
}

/** A job by its number; null when there is none. */
export async function findJob(db: Connection, number: number): Promise<JobRow | null> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst()
  return row ?? null
}

/**
 * When the next job of these queues becomes claimable, in ms since the epoch; null when none waits.
 * `after`: only what becomes so later than that.
 */
export async function nextClaimableAt(
  db: Connection,
  { queues, after = 0 }: { queues: readonly string[]; after?: number },
): Promise<number | null> {
  const row = await db
    .selectFrom('jobs')
    .select((eb) => eb.fn.min('claimable_at').as('at'))
    .where('queue', 'in', queues)
    .where('claimable_at', '>', after)
    .executeTakeFirst()
  return row?.at ?? null
}

function leaseLost(): DeliveryError {
  return new DeliveryError(
    'lease_lost',
    'The job is no longer held by this worker: its lease ended, or it was cancelled.',
  )
}
