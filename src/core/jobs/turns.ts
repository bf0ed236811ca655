import { type QueryCreator, sql } from 'kysely'
import { hotStatement } from '../../database/hot-query.ts'
import type { JobRow, Tables } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import type { Change } from '../transact.ts'

/** Which jobs are to be taken. */
export interface TurnsWish {
  queue: string
  /** So many jobs at most. */
  limit: number
  /** Accounts that are passed over. */
  except: readonly string[]
}

/** More accounts than places are looked up: another node may have taken the work of the first ones meanwhile. */
const SPARE = 4

/**
 * Takes jobs of a queue account by account, in laps: whoever has work that is due has one turn in each, so that
 * ten thousand jobs of one account hold up nobody else. Several places are dealt out evenly. Where a lap
 * stands is known to this node alone (`core.turns`): each node serves everybody. It moves on though the change
 * is undone, and claims at the same time may begin at the same place: a turn too many, and none too few.
 *
 * It is decided when jobs are taken and not when they are put in: so those that come again, after a
 * failure or a lost lease, take turns like new ones. What it costs grows with the accounts in the
 * queue, not with the jobs (decision 011).
 */
export async function takeInTurns(
  core: Core,
  change: Change,
  { queue, limit, except }: TurnsWish,
  take: (accountId: string, limit: number) => Promise<JobRow[]>,
): Promise<JobRow[]> {
  const taken: JobRow[] = []
  const last = core.turns.get(queue) ?? LAP_BEGINS
  for (const after of last === LAP_BEGINS ? [LAP_BEGINS] : [last, LAP_BEGINS]) {
    if (taken.length === limit) break
    const most = limit + except.length + SPARE
    const due = await listDue(change, { queue, after, most })
    const turns = due.filter((account) => !except.includes(account))
    for (const [index, account] of turns.entries()) {
      if (taken.length === limit) break
      const share = Math.ceil((limit - taken.length) / (turns.length - index))
      taken.push(...(await take(account, share)))
      const isLast = account === due.at(-1) && due.length < most
      core.turns.set(queue, isLast ? LAP_BEGINS : account)
    }
  }
  return taken
}

/** Before every account's id. */
const LAP_BEGINS = ''

/** The next accounts of a lap that have work which is due. */
async function listDue(
  { db, now }: Change,
  { queue, after, most }: { queue: string; after: string; most: number },
): Promise<string[]> {
  const rows = await dueAccounts(db, [queue, after, queue, queue, now, most])
  return rows.flatMap((row) => row.account_id ?? [])
}

// From each account to the next by one look into an index, and by one more to the time of its first job.
const dueAccounts = hotStatement((db) =>
  db
    .withRecursive('lap(account_id)', (cte) =>
      cte
        .selectNoFrom(firstInLine(cte, 'account_id').where('account_id', '>', '').as('account_id'))
        .unionAll(
          cte
            .selectFrom('lap')
            .select(firstInLine(cte, 'account_id').where('account_id', '>', inLap).as('account_id'))
            .where('lap.account_id', 'is not', null),
        ),
    )
    .selectFrom('lap')
    .select('account_id')
    .where(
      firstInLine(db, 'claimable_at')
        .where('account_id', '>=', inLap)
        .where('account_id', '<=', inLap),
      '<=',
      0,
    )
    .limit(1)
    .compile(),
)

const inLap = sql.ref<string>('lap.account_id')

/**
 * An account is a range and stands in the order, here and in the claim, so that PostgreSQL takes the index by accounts:
 * among 100,000 jobs of another one the index by time alone cost 18 to 40 ms a claim. Joined by
 * numbers, a plan that was made while the table was small read the whole of it ever after.
 */
function firstInLine<Column extends 'account_id' | 'claimable_at'>(
  db: QueryCreator<Tables>,
  column: Column,
) {
  return db
    .selectFrom('jobs')
    .select(column)
    .where('queue', '=', '')
    .where('claimable_at', 'is not', null)
    .orderBy('account_id')
    .orderBy('claimable_at')
    .limit(sql.lit(1))
}
