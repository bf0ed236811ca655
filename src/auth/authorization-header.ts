/** What an Authorization header (RFC 9110 §11.6.2) brings. */
export type Authorization =
  | { readonly scheme: 'none' }
  | { readonly scheme: 'basic'; readonly username: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string }
  /** A scheme that is not ours, or one of ours that cannot be read. */
  | { readonly scheme: 'unreadable'; readonly meant: 'basic' | 'bearer' | 'other' }

/** Longer ones are not looked into; Node itself refuses over 16 KiB of headers. */
const longest = 12_288

/** Reads an Authorization header; what cannot be read is told from what is not there. */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header.trim() === '') return { scheme: 'none' }
  // Schemes are case-insensitive (§11.1); one space or more follows (§11.4).
  const [, scheme = '', rest = ''] = /^\s*([^\s,]+) *(.*?)\s*$/s.exec(header) ?? []
  const meant = scheme.toLowerCase()
  if (meant === 'basic') return parseBasic(header.length > longest ? '' : rest)
  if (meant === 'bearer') return parseBearer(header.length > longest ? '' : rest)
  return { scheme: 'unreadable', meant: 'other' }
}

function parseBasic(text: string): Authorization {
  // Padding is required by RFC 4648 and left out by some clients.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return { scheme: 'unreadable', meant: 'basic' }
  const pair = decodeText(Buffer.from(text, 'base64'))
  const colon = pair.indexOf(':')
  if (colon < 0) return { scheme: 'unreadable', meant: 'basic' }
  // RFC 7617 §2: the first colon ends the user name, the password may have more.
  return { scheme: 'basic', username: pair.slice(0, colon), password: pair.slice(colon + 1) }
}

/** UTF-8 as our challenge asks for (RFC 7617 §2.1); else Latin-1, which Python's `requests` sends. */
function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

function parseBearer(text: string): Authorization {
  // RFC 6750 §2.1
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(text)) return { scheme: 'unreadable', meant: 'bearer' }
  return { scheme: 'bearer', token: text }
}
