import { type FileEncryption, keyContext, parseEncryption } from './file-cipher.ts'
import type { MasterKeys } from './master-keys.ts'

/**
 * A file's encryption, as its row keeps it, with its data key under the first master key. The file
 * itself stays as it is.
 * @throws DeliveryError as `MasterKeys.unwrap`
 */
export function rewrapEncryption(keys: MasterKeys, text: string): FileEncryption {
  const encryption = parseEncryption(text)
  const context = keyContext(encryption.file)
  return { ...encryption, ...keys.wrap(keys.unwrap(encryption, context), context) }
}
