import { createHash, randomInt, timingSafeEqual } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Random letters and digits, 5.95 bits each: nothing to quote in a shell, selected by a double click. */
export function randomText(length: number): string {
  let text = ''
  for (let i = 0; i < length; i += 1) text += alphabet[randomInt(alphabet.length)]
  return text
}

/**
 * SHA-256 in lower-case hex: how key, client secret and token are stored. A slow hash would protect
 * nothing here, as 190 random bits cannot be guessed, and would cost every request 20 ms.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Is this the secret behind the hash? Takes the same time wherever they differ, and for no hash at all. */
export function isSecret(secret: string, hash: string | null): boolean {
  const given = hashSecret(secret)
  return timingSafeEqual(Buffer.from(given), Buffer.from(hash ?? '0'.repeat(64))) && hash !== null
}
