import { shownUrl } from './shown-url.ts'

/** What differs from one signed URL of a file to the next, or must not be written down. */
const changing =
  /^(?:expires|signature|sig|policy|keyid|key-pair-id|awsaccesskeyid|x-(?:amz|goog)-.*|se|sp|sv|sr|st)$|token|secret|passw|jwt|credential|auth/i

/** The same for each address of a file that differs only in its signature; without secrets. */
export function fileId(url: string): string {
  const rest = [...new URL(url).searchParams].filter(([name]) => !changing.test(name))
  return rest.length === 0 ? shownUrl(url) : `${shownUrl(url)}?${fingerprint(rest.join('&'))}`
}

/** FNV-1a, 32 bits: tells apart, and is not to be read. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash.toString(16).padStart(8, '0')
}
