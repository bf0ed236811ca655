import { createHash } from 'node:crypto'
import type { Core } from './core.ts'
import { DeliveryError } from './errors.ts'
import { type StoredBytes, storeBytes, storeEncrypted } from './stored-files.ts'

/** What the sender says the bytes are; each one must hold. */
export interface ExpectedBytes {
  /** In bytes. */
  size?: number
  /** By algorithm, in lower-case hex. */
  digests?: ReadonlyMap<DigestAlgorithm, string>
}

export type DigestAlgorithm = 'sha-256' | 'sha-512' | 'md5'

export interface ArrivingBytes {
  /** Where the object goes, as `storeBytes` has it. */
  prefix: string
  source: AsyncIterable<Uint8Array>
  expected: ExpectedBytes
  /** Encrypted whatever the setting says. */
  encrypted?: boolean
  signal?: AbortSignal | undefined
}

/**
 * As `storeBytes` or `storeEncrypted`, of bytes whose sender has said what they are.
 * @throws DeliveryError `invalid` when they are not: nothing is kept then; `storage_full`
 */
export async function storeExpected(core: Core, arriving: ArrivingBytes): Promise<StoredBytes> {
  const { prefix, source, expected, signal } = arriving
  const sha512 = createHash('sha512')
  const wants512 = expected.digests?.has('sha-512') ?? false
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (wants512) sha512.update(chunk)
      yield chunk
    }
  }
  const store = arriving.encrypted ? storeEncrypted : storeBytes
  const bytes = await store(core, prefix, hashed(), signal)
  const problem = mismatch(expected, bytes, () => sha512.digest('hex'))
  if (problem === null) return bytes
  await core.store.remove(bytes.objectKey)
  throw new DeliveryError('invalid', problem)
}

function mismatch(
  { size, digests }: ExpectedBytes,
  bytes: StoredBytes,
  sha512: () => string,
): string | null {
  if (size !== undefined && size !== bytes.size) {
    return `${size} bytes were announced and ${bytes.size} came; nothing was kept.`
  }
  for (const [algorithm, expected] of digests ?? []) {
    const actual =
      algorithm === 'sha-512' ? sha512() : algorithm === 'md5' ? bytes.md5 : bytes.sha256
    if (actual !== expected) {
      return `The ${algorithm} digest of the bytes that came is not the one that was sent; nothing was kept.`
    }
  }
  return null
}
