import type { UploadPartRow } from '../../database/tables.ts'
import type { Core } from '../core.ts'
import { DeliveryError } from '../errors.ts'
import type { Principal } from '../principal.ts'
import { readStored } from '../stored-files.ts'
import { type Holding, holdUpload } from './hold-upload.ts'
import { deliverUpload } from './upload-target.ts'
import {
  dropUpload,
  endUpload,
  expectedOf,
  findGivenUp,
  findUpload,
  listParts,
  readUpload,
  targetOf,
} from './uploads.ts'

/**
 * Puts a whole upload where it goes. Its parts are read once: hashes cannot be carried from one node to
 * another, and what was announced is checked by that reading.
 * @throws DeliveryError `invalid` when it is not what was announced: the upload is gone then; as
 *   `deliverUpload`: the upload stays, and can be completed by another request
 */
export async function completeUpload(
  core: Core,
  principal: Principal,
  { holding, signal }: { holding: Holding; signal: AbortSignal },
): Promise<void> {
  const { upload, held } = holding
  const parts = await listParts(core.database.kysely, upload.id)
  try {
    const result = await deliverUpload(core, principal, {
      target: targetOf(upload),
      upload: {
        id: upload.id,
        source: readParts(core, parts),
        expected: expectedOf(upload),
        signal,
      },
    })
    await removeParts(core, await endUpload(core, held, result))
  } catch (error) {
    if (error instanceof DeliveryError && error.code === 'invalid') {
      await removeParts(core, await dropUpload(core, upload.id))
    }
    throw error
  }
}

async function* readParts(core: Core, parts: readonly UploadPartRow[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    const span = { start: 0, end: part.size }
    yield* readStored(core, part, { span, signal: undefined })
  }
}

async function removeParts(core: Core, parts: readonly UploadPartRow[]): Promise<void> {
  for (const { object_key } of parts) await core.store.remove(object_key)
}

/**
 * Completes an upload that is whole and was not completed, because a node died or the storage was full; anything
 * else is left as it is. Whoever wrote to it before has ended then.
 * @throws DeliveryError as `completeUpload`
 */
export async function settleUpload(
  core: Core,
  principal: Principal,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<void> {
  await readUpload(core, principal, id)
  await holdUpload(core, id, async (holding) => {
    const { received, size, completed_at } = holding.upload
    if (received !== size || completed_at !== null) return
    await completeUpload(core, principal, { holding, signal })
  })
}

/**
 * Ends an upload before it is whole; nothing of it is kept.
 * @throws DeliveryError as `readUpload`
 */
export async function abandonUpload(core: Core, principal: Principal, id: string): Promise<void> {
  await readUpload(core, principal, id)
  await holdUpload(core, id, async () => {
    await removeParts(core, await dropUpload(core, id))
  })
}

/** Removes uploads to which nothing came for a day, and forgets whole ones after a day. */
export async function removeGivenUp(core: Core, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted) {
    const ids = await findGivenUp(core, 100)
    for (const id of ids) await removeParts(core, await dropUpload(core, id))
    if (ids.length < 100) return
  }
}

/** Does an object of this key belong to an upload that is not over? */
export async function isOfUpload(core: Core, key: string): Promise<boolean> {
  const id = /^uploads\/([0-9a-z]+)\//.exec(key)?.[1]
  return id !== undefined && (await findUpload(core.database.kysely, id)) !== null
}
