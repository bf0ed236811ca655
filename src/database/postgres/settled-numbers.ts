import type { PostgresPool } from './pool.ts'

/**
 * How far the numbers of events are settled: no change that still runs holds one up to there, so that
 * whoever has read up to there has missed none. PostgreSQL hands numbers out in another order
 * than it commits. Answers come one after the other, each for all who ask meanwhile.
 */
export function createSettledNumbers(pool: PostgresPool): () => Promise<number> {
  let settled = 0
  /** Numbers that are settled once every transaction below `transaction` has ended. */
  let open: { number: number; transaction: number }[] = []
  let looking: Promise<number> | null = null
  let next: Promise<number> | null = null

  /** The steps are statements of their own, in this order: what follows holds only so. */
  async function look(): Promise<number> {
    const number = await ask(lastNumber)
    if (number > settled) {
      // A change has its transaction's number before it takes an event's (migration 0010): whoever
      // took one up to `number` has a smaller one than this statement, which is the newest.
      const transaction = await ask(newestTransaction)
      if (open.length < MOST_OPEN) open.push({ number, transaction })
      const oldest = await ask(oldestTransaction)
      settled = Math.max(
        settled,
        ...open.filter((one) => one.transaction <= oldest).map((one) => one.number),
      )
      open = open.filter((one) => one.number > settled)
    }
    return settled
  }

  async function ask(sql: string): Promise<number> {
    const [row] = await pool.run<{ value: number }>(sql, [])
    return row?.value ?? 0
  }

  function begin(): Promise<number> {
    next = null
    looking = look().finally(() => {
      looking = null
    })
    return looking
  }

  return () => {
    if (looking === null) return begin()
    // It may have looked too early for whoever asks now.
    next ??= looking.then(begin, begin)
    return next
  }
}

/** While a change runs for long, further looks are not noted. */
const MOST_OPEN = 100

const lastNumber =
  'select case when is_called then last_value else 0 end as value from events_number_seq'
const newestTransaction = 'select pg_current_xact_id()::text::bigint as value'
const oldestTransaction = 'select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as value'
