import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { DeliveryError } from '../errors.ts'

/** A secret of the operator, the same on all nodes. */
export interface NamedMasterKey {
  /** 1 to 32 letters, digits, "_" and "-". */
  readonly id: string
  /** At least 32 bytes. */
  readonly secret: Uint8Array
}

/** A data key under a master key; safe to store. */
export interface WrappedKey {
  /** Names the master key. */
  readonly keyId: string
  /** base64url of nonce (12 bytes), encrypted data key (32) and tag (16). */
  readonly wrapped: string
}

/** The keys that wrap data keys: the first wraps, all of them unwrap. */
export interface MasterKeys {
  /** Of the first key; null when there is none. */
  readonly firstId: string | null
  /** Of the others, which only unwrap. */
  readonly retiredIds: readonly string[]
  /**
   * Wraps a data key for one use, which `context` names and unwrapping must name again.
   * @throws DeliveryError `unavailable` when there is no master key
   */
  wrap(dataKey: Uint8Array, context: string): WrappedKey
  /** @throws DeliveryError `unavailable` when the master key is not there, `internal` when the wrapped key was changed */
  unwrap(wrapped: WrappedKey, context: string): Buffer
  /** 32 bytes for a purpose, one of each master key, the first key's first; none without master keys. */
  derive(purpose: string): Buffer[]
}

/** NIST SP 800-38D §8.2.2: a random nonce of 96 bits, for far fewer than 2^32 wraps by one key. */
const nonceBytes = 12
const tagBytes = 16
const dataKeyBytes = 32

/** The operator's master keys, the first first. Without one, everything but encryption works. */
export function createMasterKeys(keys: readonly NamedMasterKey[]): MasterKeys {
  const byId = new Map(
    keys.map(({ id, secret }) => [id, { id, secret, wrapping: wrappingKey(secret) }]),
  )
  const [first] = byId.values()
  return {
    firstId: first?.id ?? null,
    retiredIds: [...byId.keys()].slice(1),
    wrap(dataKey, context) {
      if (first === undefined) throw noMasterKey()
      return { keyId: first.id, wrapped: seal(first.wrapping, dataKey, context) }
    },
    unwrap({ keyId, wrapped }, context) {
      const key = byId.get(keyId)
      if (key === undefined) throw lostMasterKey(keyId)
      return open(key.wrapping, wrapped, context)
    },
    derive: (purpose) => [...byId.values()].map(({ secret }) => deriveKey(secret, purpose)),
  }
}

function wrappingKey(secret: Uint8Array): Buffer {
  return deriveKey(secret, 'data-key')
}

function deriveKey(secret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `claimcheck ${purpose}`, 32))
}

function seal(key: Buffer, dataKey: Uint8Array, context: string): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(context))
  const sealed = [nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(sealed).toString('base64url')
}

function open(key: Buffer, wrapped: string, context: string): Buffer {
  const bytes = Buffer.from(wrapped, 'base64url')
  if (bytes.length !== nonceBytes + dataKeyBytes + tagBytes) throw changedKey(null)
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  const dataKey = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
  try {
    decipher.final()
  } catch (cause) {
    throw changedKey(cause)
  }
  return dataKey
}

function noMasterKey(): DeliveryError {
  return new DeliveryError(
    'unavailable',
    'Files cannot be encrypted: the server has no master key. Set CLAIMCHECK_MASTER_KEYS.',
  )
}

function lostMasterKey(keyId: string): DeliveryError {
  return new DeliveryError(
    'unavailable',
    `A file is encrypted under the master key "${keyId}", which CLAIMCHECK_MASTER_KEYS no longer has.`,
  )
}

function changedKey(cause: unknown): DeliveryError {
  return new DeliveryError(
    'internal',
    'The key of an encrypted file cannot be opened: it, or the master key, was changed.',
    { cause },
  )
}
