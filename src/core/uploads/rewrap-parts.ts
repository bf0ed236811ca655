import type { Core } from '../core.ts'
import { parseEncryption } from '../encryption/file-cipher.ts'
import { rewrapEncryption } from '../encryption/rewrap.ts'
import { transact } from '../transact.ts'
import { findEncryptedUploads, listParts, updateEncryption } from './uploads.ts'

/**
 * Wraps the data keys of parts of uploads anew that are under a master key other than the first. Returns
 * how many were wrapped.
 */
export async function rewrapParts(core: Core, signal?: AbortSignal): Promise<number> {
  const { masterKeys } = core
  if (masterKeys.retiredIds.length === 0) return 0
  let wrapped = 0
  for (const id of await findEncryptedUploads(core.database.kysely)) {
    if (signal?.aborted) break
    for (const part of await listParts(core.database.kysely, id)) {
      const { encryption } = part
      if (encryption === null || parseEncryption(encryption).keyId === masterKeys.firstId) continue
      const anew = JSON.stringify(rewrapEncryption(masterKeys, encryption))
      await transact(core, (change) => updateEncryption(change, part, anew))
      wrapped += 1
    }
  }
  return wrapped
}
