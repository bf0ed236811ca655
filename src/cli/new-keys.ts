import { randomBytes } from 'node:crypto'

/** A list with one fresh key, as a setting of keys takes it: named for the day it was made, 256 random bits. */
export function newKeys(now = new Date()): string {
  const id = `k${now.toISOString().slice(0, 10).replaceAll('-', '')}`
  return `${id}:${randomBytes(32).toString('base64url')}`
}
