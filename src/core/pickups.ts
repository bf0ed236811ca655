import type { ByteSpan } from './content.ts'
import type { Core } from './core.ts'
import { findOwnAvailable } from './delivery-files.ts'
import { recordEvents } from './events.ts'
import { moveOrderFiles } from './order-progress.ts'
import { coverAll, mergeSpans } from './spans.ts'
import { type Change, transact } from './transact.ts'

/** Bytes of a file that went out to somebody. */
export interface Taken {
  /**
   * The file; or the stored file, when it was taken without naming a delivery: then it counts for each
   * open order of the account that holds it.
   */
  fileNumber: number | { storedFileId: string }
  accountId: string
  grantId: string | null
  address: string | null
  span: ByteSpan
}

/** Notes who took which bytes. */
export interface PickupRecorder {
  /** Cheap: it is written a moment later, together with what else went out meanwhile. */
  note(taken: Taken): void
  /** Resolves when all that was noted is in the database. */
  flush(): Promise<void>
  /** Flushes and stops. */
  close(): Promise<void>
}

/** How long notes are gathered. A commit of its own for each small file would cost more than sending it. */
const GATHER_MS = 100

/** A recorder that writes what it gathered in one transaction. `onError` hears of a write that failed; its notes are kept. */
export function createPickupRecorder(
  core: Core,
  onError: (error: unknown) => void,
): PickupRecorder {
  let gathered: Taken[] = []
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  function write(): Promise<void> {
    timer = null
    const batch = gathered
    gathered = []
    if (batch.length === 0) return writing
    writing = writing.then(async () => {
      try {
        await transact(core, (change) => writePickups(core, change, batch))
      } catch (error) {
        gathered.unshift(...batch)
        onError(error)
      }
    })
    return writing
  }

  return {
    note(taken) {
      gathered.push(taken)
      timer ??= setTimeout(() => void write(), GATHER_MS)
    },
    async flush() {
      if (timer !== null) clearTimeout(timer)
      await write()
    },
    async close() {
      await this.flush()
    },
  }
}

type TakenFile = Taken & { fileNumber: number }

async function writePickups(core: Core, change: Change, batch: readonly Taken[]): Promise<void> {
  const byTaker = Map.groupBy(
    await nameFiles(change, batch),
    (taken) => `${taken.accountId} ${taken.fileNumber}`,
  )
  // In one order on every node: two that lock the same accounts must not wait for each other.
  for (const key of [...byTaker.keys()].sort()) {
    await writePickup(core, change, byTaker.get(key) ?? [])
  }
}

/** Puts the files of the taker's open orders in the place of a stored file. */
async function nameFiles(change: Change, batch: readonly Taken[]): Promise<TakenFile[]> {
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

async function writePickup(
  core: Core,
  change: Change,
  takings: readonly TakenFile[],
): Promise<void> {
  const { fileNumber, accountId, grantId, address } = takings.at(-1) as TakenFile
  const file = await change.db
    .selectFrom('delivery_files')
    .innerJoin('deliveries', 'deliveries.number', 'delivery_files.delivery_number')
    .select([
      'delivery_files.name',
      'delivery_files.size',
      'deliveries.organization_id',
      'deliveries.owner_id',
      'deliveries.kind',
      'deliveries.number as delivery_number',
    ])
    .where('delivery_files.number', '=', fileNumber)
    .executeTakeFirst()
  if (file === undefined) return
  const known = await change.db
    .selectFrom('pickups')
    .selectAll()
    .where('file_number', '=', fileNumber)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  const before: ByteSpan[] = (JSON.parse(known?.spans ?? '[]') as [number, number][]).map(
    ([start, end]) => ({ start, end }),
  )
  const spans = mergeSpans([...before, ...takings.map((taken) => taken.span)])
  const sent = takings.reduce((sum, { span }) => sum + span.end - span.start, 0)
  const completed = known?.completed_at ?? (coverAll(spans, file.size ?? 0) ? change.now : null)
  const values = {
    spans: JSON.stringify(spans.map(({ start, end }) => [start, end])),
    grant_id: grantId,
    address,
    updated_at: change.now,
    completed_at: completed,
  }
  await change.db
    .insertInto('pickups')
    .values({
      ...values,
      file_number: fileNumber,
      account_id: accountId,
      bytes_sent: sent,
      started_at: change.now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['file_number', 'account_id'])
        .doUpdateSet({ ...values, bytes_sent: (known?.bytes_sent ?? 0) + sent }),
    )
    .execute()
  if (completed !== change.now) return
  await recordEvents(change, [
    {
      organizationId: file.organization_id,
      ownerId: file.owner_id,
      actorId: accountId,
      action: 'file.picked-up',
      deliveryNumber: file.delivery_number,
      data: { file: fileNumber, name: file.name, link: grantId, address },
    },
  ])
  // Only the owner's own pick-up delivers: an administrator may look without using it up.
  if (file.kind !== 'order' || accountId !== file.owner_id) return
  await moveOrderFiles(core, change, {
    orderNumber: file.delivery_number,
    numbers: [fileNumber],
    from: 'available',
    to: 'delivered',
  })
}
