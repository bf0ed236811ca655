import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** What a key is used for. Each use has a key of its own, so that a proof of one kind is none of another. */
export type KeyPurpose = 'signed-url' | 'access-token' | 'session' | 'order-token' | 'oidc-ticket'

export interface RingKey {
  readonly id: string
  /** 32 bytes for one purpose, always the same ones for the same key. */
  secretFor(purpose: KeyPurpose): Buffer
}

/** The keys that all nodes share: the first signs, all of them verify. */
export interface KeyRing {
  readonly first: RingKey
  find(id: string): RingKey | null
}

export interface NamedSecret {
  readonly id: string
  /** At least 32 bytes. */
  readonly secret: Uint8Array
}

/** @throws Error with one sentence, that names no secret, when there is no key or one is not usable. */
export function createKeyRing(keys: readonly NamedSecret[]): KeyRing {
  const byId = new Map<string, RingKey>()
  for (const { id, secret } of keys) {
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
      throw new Error(
        `A signing key's id has 1 to 32 letters, digits, "_" and "-"; "${id.slice(0, 32)}" is none.`,
      )
    }
    if (byId.has(id)) throw new Error(`There are two signing keys with the id "${id}".`)
    const size = secret.byteLength
    if (size < 32) {
      throw new Error(
        `The signing key "${id}" has ${size} bytes; it needs at least 32 random ones.`,
      )
    }
    byId.set(id, createRingKey(id, createSecretKey(secret)))
  }
  const [first] = byId.values()
  if (first === undefined) {
    throw new Error(
      'There is no signing key; "claimcheck init" makes one (CLAIMCHECK_SIGNING_KEYS).',
    )
  }
  return { first, find: (id) => byId.get(id) ?? null }
}

function createRingKey(id: string, secret: KeyObject): RingKey {
  const derived = new Map<KeyPurpose, Buffer>()
  return {
    id,
    secretFor(purpose) {
      let key = derived.get(purpose)
      if (key === undefined) {
        key = Buffer.from(hkdfSync('sha256', secret, '', `claimcheck ${purpose}`, 32))
        derived.set(purpose, key)
      }
      return key
    },
  }
}
