import type { Database } from '../../database/database.ts'
import { hotQuery } from '../../database/hot-query.ts'
import type { Change } from '../transact.ts'

/** Each level counts stretches 64 times as long as the one below; the highest is read whole. */
const FAN = 64
const LEVELS = 3

/**
 * Adds to how many files are available around positions of an order. With these counts the n-th
 * available file is found by reading at most a few hundred short rows, wherever it lies.
 */
export async function addCounts(
  change: Change,
  orderNumber: number,
  deltas: ReadonlyMap<number, number>,
): Promise<void> {
  const sums = new Map<string, { level: number; slot: number; available: number }>()
  for (const [position, delta] of deltas) {
    for (let level = 0; level < LEVELS; level += 1) {
      const slot = slotOf(position, level)
      const sum = sums.get(`${level} ${slot}`) ?? { level, slot, available: 0 }
      sum.available += delta
      sums.set(`${level} ${slot}`, sum)
    }
  }
  if (sums.size === 0) return
  await change.db
    .insertInto('order_counts')
    .values([...sums.values()].map((sum) => ({ order_number: orderNumber, ...sum })))
    .onConflict((conflict) =>
      conflict.columns(['order_number', 'level', 'slot']).doUpdateSet((eb) => ({
        available: eb('order_counts.available', '+', eb.ref('excluded.available')),
      })),
    )
    .execute()
}

/** Forgets the counts of an order of which nothing is available any more. */
export async function clearCounts(change: Change, orderNumber: number): Promise<void> {
  await change.db.deleteFrom('order_counts').where('order_number', '=', orderNumber).execute()
}

/** A stretch of 64 positions, and how many available files of it come before the one looked for. */
export interface Place {
  position: number
  skip: number
}

/** Where the n-th available file of an order is, counted from 0; null when there are not so many. */
export async function findAvailable(
  database: Database,
  orderNumber: number,
  n: number,
): Promise<Place | null> {
  let left = n
  let slots: SlotRange = { from: 0, to: null }
  for (let level = LEVELS - 1; level >= 0; level -= 1) {
    const rows = await readSlots(database, { orderNumber, level }, slots)
    const found = rows.find(({ available }) => {
      if (left < available) return true
      left -= available
      return false
    })
    if (found === undefined) return null
    if (level === 0) return { position: found.slot * FAN, skip: left }
    slots = { from: found.slot * FAN, to: (found.slot + 1) * FAN }
  }
  return null
}

/** How many available files come before the stretch of 64 in which a position lies, and where that begins. */
export async function countBefore(
  database: Database,
  orderNumber: number,
  position: number,
): Promise<{ available: number; from: number }> {
  let available = 0
  for (let level = LEVELS - 1; level >= 0; level -= 1) {
    const from = level === LEVELS - 1 ? 0 : slotOf(position, level + 1) * FAN
    const to = slotOf(position, level)
    const rows = await readSlots(database, { orderNumber, level }, { from, to })
    available += rows.reduce((sum, row) => sum + row.available, 0)
  }
  return { available, from: slotOf(position, 0) * FAN }
}

interface SlotRange {
  from: number
  /** Not included; null for all that follow. */
  to: number | null
}

async function readSlots(
  database: Database,
  { orderNumber, level }: { orderNumber: number; level: number },
  { from, to }: SlotRange,
): Promise<{ slot: number; available: number }[]> {
  return await slotsBetween(database, [orderNumber, level, from, to ?? Number.MAX_SAFE_INTEGER])
}

const slotsBetween = hotQuery((db) =>
  db
    .selectFrom('order_counts')
    .select(['slot', 'available'])
    .where('order_number', '=', 0)
    .where('level', '=', 0)
    .where('slot', '>=', 0)
    .where('slot', '<', 0)
    .orderBy('slot')
    .compile(),
)

function slotOf(position: number, level: number): number {
  return Math.floor(position / FAN ** (level + 1))
}
