import { sql } from 'kysely'
import { hotQuery } from '../../database/hot-query.ts'
import type { Core } from '../core.ts'
import type { Queue } from './jobs.ts'

/**
 * The time as of which a new job of an account waits, in a queue whose work others do or decide: jobs are claimed
 * in the order of these times. It is a millisecond behind the last that waits of its own account, and
 * no further ahead than the queue stands: so accounts take turns, and whoever has ten thousand waiting
 * holds up nobody else. It lies in the past where much waits, and is now where nothing does.
 *
 * This is start-time fair queueing (Goyal, Vin and Cheng, 1996) with times for tags; the claim knows nothing of
 * it. It is read before the change that puts the job in: within it, accounts would undo each other's
 * changes on PostgreSQL. Two that ask at the same moment may be told the same: it is fair, no promise.
 */
export async function findTurn(
  { database }: Core,
  { queue, accountId }: { queue: Queue; accountId: string },
): Promise<number> {
  const now = database.now()
  const [row] = await headAndLast(database, [queue, queue, accountId])
  // What runs, or is to be tried later, stands in the future. Whoever is new comes after those who
  // stand at the head: none of them are passed again and again.
  const standing = Math.min(row?.head ?? now, now)
  return Math.min(Math.max(standing, row?.last ?? 0) + 1, now)
}

const headAndLast = hotQuery((db) =>
  db
    .selectNoFrom((eb) => [
      eb
        .selectFrom('jobs')
        .select((jobs) => jobs.fn.min('claimable_at').as('at'))
        .where('queue', '=', '')
        .where('claimable_at', 'is not', null)
        .as('head'),
      eb
        .selectFrom('jobs')
        .select((jobs) => jobs.fn.max('claimable_at').as('at'))
        .where('queue', '=', '')
        .where('account_id', '=', '')
        .where('claimable_at', 'is not', null)
        // What was tried before comes again at a time of its own. (These are the words of the index.)
        .where('attempt', '=', sql.lit(0))
        .where('queue', '!=', sql.lit('local'))
        .as('last'),
    ])
    .compile(),
)
