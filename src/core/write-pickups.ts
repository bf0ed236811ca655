import type { PickupRow } from '../database/tables.ts'
import type { ByteSpan } from './content.ts'
import type { Core } from './core.ts'
import { findOwnAvailable } from './delivery-files.ts'
import { recordEvents } from './events/events.ts'
import { moveOrderFiles } from './orders/order-progress.ts'
import { coverAll, mergeSpans, parseSpans, spansText } from './spans.ts'
import type { Change } from './transact.ts'
import { addTraffic, type Traffic } from './usage.ts'

/** Who takes which file. */
export interface Taking {
  /**
   * The file; or the stored file, when it was taken without naming a delivery: then it counts for each
   * open order of the account that holds it.
   */
  fileNumber: number | { storedFileId: string }
  accountId: string
  grantId: string | null
  address: string | null
}

/** What somebody took of a file, by one grant, within one moment. */
export interface TakenTogether extends Taking {
  spans: ByteSpan[]
  /** What was taken twice counts twice. */
  bytesSent: number
}

type TakenFile = TakenTogether & { fileNumber: number }

/** Writes who took what, and what follows from it; at most 1,000 at a time. */
export async function writePickups(
  core: Core,
  change: Change,
  batch: readonly TakenTogether[],
): Promise<void> {
  const byAccount = Map.groupBy(await nameFiles(change, batch), (taken) => taken.accountId)
  const traffic: Traffic[] = []
  // In one order on every node: two that lock the same accounts must not wait for each other.
  for (const accountId of [...byAccount.keys()].sort()) {
    traffic.push(...(await writePickupsOf(core, change, byAccount.get(accountId) ?? [])))
  }
  await addTraffic(change, traffic)
}

/** Puts the files of the taker's open orders in the place of a stored file. */
async function nameFiles(change: Change, batch: readonly TakenTogether[]): Promise<TakenFile[]> {
  const named: TakenFile[] = []
  for (const taken of batch) {
    const { fileNumber, accountId } = taken
    if (typeof fileNumber === 'number') named.push({ ...taken, fileNumber })
    else {
      const files = await findOwnAvailable(change.db, fileNumber.storedFileId, accountId)
      named.push(...files.map((number) => ({ ...taken, fileNumber: number })))
    }
  }
  return named
}

/** One account's pick-ups of one file. */
interface FilePickup {
  readonly file: PickedUpFile
  readonly last: TakenFile
  readonly spans: readonly ByteSpan[]
  readonly sentNow: number
  /** With what went out before. */
  readonly bytesSent: number
  readonly completedAt: number | null
  /** Has its last byte gone out just now? */
  readonly isNew: boolean
}

/** All of one account, in one statement of each kind: an archive has thousands of files. */
async function writePickupsOf(
  core: Core,
  change: Change,
  takings: readonly TakenFile[],
): Promise<Traffic[]> {
  const byFile = Map.groupBy(takings, (taken) => taken.fileNumber)
  const numbers = [...byFile.keys()].sort((a, b) => a - b)
  const files = await findFiles(change, numbers)
  const known = await findKnown(change, numbers, takings[0]?.accountId ?? '')
  const pickups = files.flatMap((file) =>
    addUp(change, file, { known: known.get(file.number), takings: byFile.get(file.number) ?? [] }),
  )
  if (pickups.length === 0) return []
  await upsert(change, pickups)
  const completed = pickups.filter((pickup) => pickup.isNew)
  await tellFeed(change, completed)
  await deliver(core, change, completed)
  return pickups.map(({ file, sentNow, isNew }) => ({
    organizationId: file.organization_id,
    sentBytes: sentNow,
    pickups: isNew ? 1 : 0,
  }))
}

type PickedUpFile = Awaited<ReturnType<typeof findFiles>>[number]

async function findFiles(change: Change, numbers: readonly number[]) {
  return await change.db
    .selectFrom('delivery_files')
    .innerJoin('deliveries', 'deliveries.number', 'delivery_files.delivery_number')
    .select([
      'delivery_files.number',
      'delivery_files.name',
      'delivery_files.size',
      'deliveries.organization_id',
      'deliveries.owner_id',
      'deliveries.kind',
      'deliveries.number as delivery_number',
    ])
    .where('delivery_files.number', 'in', numbers)
    .orderBy('delivery_files.number')
    .execute()
}

async function findKnown(
  change: Change,
  numbers: readonly number[],
  accountId: string,
): Promise<Map<number, PickupRow>> {
  const rows = await change.db
    .selectFrom('pickups')
    .selectAll()
    .where('file_number', 'in', numbers)
    .where('account_id', '=', accountId)
    .execute()
  return new Map(rows.map((row) => [row.file_number, row]))
}

function addUp(
  { now }: Change,
  file: PickedUpFile,
  { known, takings }: { known: PickupRow | undefined; takings: readonly TakenFile[] },
): FilePickup[] {
  const last = takings.at(-1)
  if (last === undefined) return []
  const before = parseSpans(known?.spans ?? '[]')
  const spans = mergeSpans([...before, ...takings.flatMap((taken) => taken.spans)])
  const sentNow = takings.reduce((sum, taken) => sum + taken.bytesSent, 0)
  const already = known?.completed_at ?? null
  const isNew = already === null && coverAll(spans, file.size ?? 0)
  return [
    {
      file,
      last,
      spans,
      sentNow,
      bytesSent: (known?.bytes_sent ?? 0) + sentNow,
      completedAt: isNew ? now : already,
      isNew,
    },
  ]
}

async function upsert(change: Change, pickups: readonly FilePickup[]): Promise<void> {
  await change.db
    .insertInto('pickups')
    .values(
      pickups.map(({ file, last, spans, bytesSent, completedAt }) => ({
        file_number: file.number,
        account_id: last.accountId,
        grant_id: last.grantId,
        address: last.address,
        spans: spansText(spans),
        bytes_sent: bytesSent,
        started_at: change.now,
        updated_at: change.now,
        completed_at: completedAt,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['file_number', 'account_id']).doUpdateSet(({ ref }) => ({
        grant_id: ref('excluded.grant_id'),
        address: ref('excluded.address'),
        spans: ref('excluded.spans'),
        bytes_sent: ref('excluded.bytes_sent'),
        updated_at: ref('excluded.updated_at'),
        completed_at: ref('excluded.completed_at'),
      })),
    )
    .execute()
}

async function tellFeed(change: Change, completed: readonly FilePickup[]): Promise<void> {
  await recordEvents(
    change,
    completed.map(({ file, last }) => ({
      organizationId: file.organization_id,
      ownerId: file.owner_id,
      actorId: last.accountId,
      action: 'file.picked-up',
      deliveryNumber: file.delivery_number,
      data: { file: file.number, name: file.name, link: last.grantId, address: last.address },
    })),
  )
}

/** Files of orders are delivered by their owner's own pick-up: an administrator may look without using it up. */
async function deliver(
  core: Core,
  change: Change,
  completed: readonly FilePickup[],
): Promise<void> {
  const own = completed.filter(
    ({ file, last }) => file.kind === 'order' && file.owner_id === last.accountId,
  )
  for (const [orderNumber, ofOrder] of Map.groupBy(own, ({ file }) => file.delivery_number)) {
    await moveOrderFiles(core, change, {
      orderNumber,
      numbers: ofOrder.map(({ file }) => file.number),
      from: 'available',
      to: 'delivered',
    })
  }
}
