import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new id: 26 characters of Crockford's base 32 in lower case, 48 bits of time (ms) and then 80
 * random bits. New ones sort last, which keeps an index's pages warm, and none can be guessed.
 */
export function newId(now: number): string {
  const bytes = randomBytes(10)
  let id = ''
  for (let shift = 45; shift >= 0; shift -= 5) {
    id += alphabet[Math.floor(now / 2 ** shift) % 32]
  }
  let bits = 0
  let pending = 0
  for (const byte of bytes) {
    pending = (pending << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      id += alphabet[(pending >> bits) & 31]
    }
    pending &= (1 << bits) - 1
  }
  return id
}
