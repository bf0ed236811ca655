import { hotQuery } from '../../database/hot-query.ts'
import type { Core } from '../core.ts'
import { transact } from '../transact.ts'

/**
 * Notes that a session was ended by hand; those that would be over by themselves are forgotten.
 * @param until in ms since the epoch: when it would have ended at the latest
 */
export async function endSession(core: Core, id: string, until: number): Promise<void> {
  await transact(core, async (change) => {
    await change.db.deleteFrom('ended_sessions').where('until', '<', change.now).execute()
    await change.db
      .insertInto('ended_sessions')
      .values({ id, until })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    // Whoever follows the events is asked again who it is.
    change.signal('access')
  })
}

/** Was this session ended by hand? */
export async function hasSessionEnded(core: Core, id: string): Promise<boolean> {
  return (await byId(core.database, [id])).length > 0
}

const byId = hotQuery((db) =>
  db.selectFrom('ended_sessions').select('id').where('id', '=', '').compile(),
)
