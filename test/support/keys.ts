import { randomBytes } from 'node:crypto'
import { createKeyRing, type KeyRing } from '../../src/auth/key-ring.ts'
import { keys } from '../../src/settings/setting-kinds.ts'

/** A key as the settings take it: `id:secret`, 256 random bits. */
export function newKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64url')}`
}

/** The ring that the server makes of such keys, `id:secret,…`. */
export function parseKeyRing(text: string): KeyRing {
  return createKeyRing(keys.parse(text) ?? [])
}
