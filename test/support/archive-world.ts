import type { Core } from '../../src/core/core.ts'
import { insertDelivery } from '../../src/core/deliveries.ts'
import { insertDeliveryFiles } from '../../src/core/delivery-files.ts'
import {
  insertStoredFile,
  type StoredBytes,
  storeBytes,
  storeEncrypted,
} from '../../src/core/stored-files.ts'
import { transact } from '../../src/core/transact.ts'
import type {
  AccountRow,
  DeliveryFileState,
  DeliveryKind,
  DeliveryRow,
} from '../../src/database/tables.ts'
import { inChunks } from './bytes.ts'

export interface GivenFile {
  name: string
  /** Null for a file without bytes. */
  bytes: Buffer | null
  state?: DeliveryFileState
  encrypted?: boolean
}

export interface GivenDelivery {
  owner: AccountRow
  files: readonly GivenFile[]
  kind?: DeliveryKind
  expiresAt?: number
}

/** A delivery that is done, with files in the store. */
export async function deliver(
  core: Core,
  { owner, files, kind = 'download', expiresAt }: GivenDelivery,
): Promise<{ delivery: DeliveryRow; numbers: number[] }> {
  const stored: (StoredBytes | null)[] = []
  for (const { bytes, encrypted } of files) {
    const store = encrypted ? storeEncrypted : storeBytes
    stored.push(bytes === null ? null : await store(core, 'test', inChunks(bytes, 50_000)))
  }
  return await transact(core, async (change) => {
    const delivery = await insertDelivery(change, {
      kind,
      organizationId: owner.organization_id,
      ownerId: owner.id,
      actorId: null,
      state: 'done',
      ...(kind === 'study' ? { info: { organization: 'acme', study: 's', delivery: 'd' } } : {}),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
    const rows = []
    for (const [index, file] of files.entries()) {
      const bytes = stored[index] ?? null
      const row = bytes === null ? null : await insertStoredFile(change, bytes, 'text/plain')
      rows.push({
        deliveryNumber: delivery.number,
        name: file.name,
        mediaType: 'text/plain',
        state: file.state ?? (bytes === null ? ('pending' as const) : ('available' as const)),
        storedFileId: row?.id ?? null,
        size: bytes?.size ?? null,
      })
    }
    const numbers = await insertDeliveryFiles(change, rows)
    return { delivery, numbers }
  })
}
