import type { Connection } from '../../database/database.ts'
import type { PortOrderRow } from '../../database/port-order-tables.ts'
import type { Change } from '../transact.ts'

/** An order with the phone numbers that it ports. */
export interface PortOrder extends PortOrderRow {
  /** In ascending order. */
  numbers: string[]
}

/** The orders with their phone numbers, in the order given; at most 1,000. */
export async function withNumbers(
  db: Connection,
  rows: readonly PortOrderRow[],
): Promise<PortOrder[]> {
  if (rows.length === 0) return []
  const numbers = await db
    .selectFrom('port_order_numbers')
    .selectAll()
    .where(
      'delivery_number',
      'in',
      rows.map((row) => row.delivery_number),
    )
    .orderBy('phone_number')
    .execute()
  const byOrder = Map.groupBy(numbers, (number) => number.delivery_number)
  return rows.map((row) => ({
    ...row,
    numbers: (byOrder.get(row.delivery_number) ?? []).map((number) => number.phone_number),
  }))
}

/** Numbers that are there already are left as they are. */
export async function addNumbers(
  change: Change,
  order: number,
  numbers: readonly string[],
): Promise<void> {
  if (numbers.length === 0) return
  await change.db
    .insertInto('port_order_numbers')
    .values(numbers.map((phone) => ({ delivery_number: order, phone_number: phone })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Takes phone numbers out of an order; those that it does not have are passed over. */
export async function removeNumbers(
  change: Change,
  order: number,
  numbers: readonly string[],
): Promise<void> {
  if (numbers.length === 0) return
  await change.db
    .deleteFrom('port_order_numbers')
    .where('delivery_number', '=', order)
    .where('phone_number', 'in', numbers)
    .execute()
}
