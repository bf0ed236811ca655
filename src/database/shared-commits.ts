import { setImmediate as nextTurn } from 'node:timers/promises'
import { CompiledQuery, type Kysely, type Transaction } from 'kysely'
import type { Work } from './database.ts'
import type { Tables } from './tables.ts'

/** So long changes are taken into one commit, in ms: no request is to wait behind the others for long. */
const GATHER_MS = 5

interface Waiting {
  work: Work<unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

export interface SharedCommits {
  run<T>(work: Work<T>): Promise<T>
  /** Resolves when no change is under way. */
  settled(): Promise<void>
}

/**
 * Runs changes one after the other, and those that wait at the same time in one transaction with one commit: what takes long
 * is to bring it onto the disk, and it takes as long for one as for sixteen. Each change is undone alone when
 * it fails; none is answered before it is on disk.
 */
export function createSharedCommits(kysely: Kysely<Tables>): SharedCommits {
  const waiting: Waiting[] = []
  let running: Promise<void> | null = null

  async function runAll(): Promise<void> {
    while (waiting.length > 0) {
      // Requests that have come in by now join in; those of the next turn find the next transaction.
      await nextTurn()
      if (waiting.length === 1) await runAlone(kysely, waiting.shift() as Waiting)
      else await runTogether(kysely, waiting)
    }
    running = null
  }

  return {
    run(work) {
      const { promise, resolve, reject } = Promise.withResolvers<never>()
      waiting.push({ work, resolve: resolve as Waiting['resolve'], reject })
      running ??= runAll()
      return promise
    },
    async settled() {
      await running
    },
  }
}

async function runAlone(kysely: Kysely<Tables>, { work, resolve, reject }: Waiting): Promise<void> {
  await kysely.transaction().execute(work).then(resolve, reject)
}

async function runTogether(kysely: Kysely<Tables>, waiting: Waiting[]): Promise<void> {
  const taken: Waiting[] = []
  const answers: (() => void)[] = []
  try {
    await kysely.transaction().execute(async (db) => {
      const until = performance.now() + GATHER_MS
      do {
        const change = waiting.shift()
        if (change === undefined) return
        taken.push(change)
        answers.push(await attempt(db, change))
      } while (performance.now() < until)
    })
  } catch (error) {
    // It did not even begin: the first has waited for that as long as one does; the others try it themselves.
    if (taken.length === 0) waiting.shift()?.reject(error)
    // All are undone for what one of them may have done, a full disk say: each finds out alone.
    for (const change of taken) await runAlone(kysely, change)
    return
  }
  for (const answer of answers) answer()
}

const begin = CompiledQuery.raw('savepoint change')
const keep = CompiledQuery.raw('release change')
const undo = CompiledQuery.raw('rollback to change')

/** Returns how to answer once it is committed. */
async function attempt(
  db: Transaction<Tables>,
  { work, resolve, reject }: Waiting,
): Promise<() => void> {
  await db.executeQuery(begin)
  try {
    const result = await work(db)
    await db.executeQuery(keep)
    return () => resolve(result)
  } catch (error) {
    await db.executeQuery(undo)
    await db.executeQuery(keep)
    return () => reject(error)
  }
}
