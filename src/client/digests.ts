import type { HttpFields } from './http-answer.ts'

/** What is known of a file's bytes, in lower-case hex. */
export interface Digests {
  readonly md5?: string
  readonly sha1?: string
  readonly sha256?: string
  readonly sha512?: string
}

export type DigestName = keyof Digests

/** Digests of equal pieces of a file, the last of which may be shorter: they tell what is damaged. */
export interface PieceDigests {
  readonly name: DigestName
  /** In bytes. */
  readonly length: number
  /** In order, in lower-case hex. */
  readonly digests: readonly string[]
}

const lengths: readonly (readonly [DigestName, number])[] = [
  ['md5', 16],
  ['sha1', 20],
  ['sha256', 32],
  ['sha512', 64],
]

/** A checksum of a listing, in hex of either case: its length tells the algorithm. */
export function fromHex(text: unknown): Digests {
  if (typeof text !== 'string' || !/^(?:[0-9a-f]{2})+$/i.test(text)) return {}
  const name = lengths.find(([, bytes]) => bytes * 2 === text.length)?.[0]
  return name === undefined ? {} : { [name]: text.toLowerCase() }
}

const fieldNames: Readonly<Record<string, DigestName>> = {
  md5: 'md5',
  sha: 'sha1',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
  // Metalink 3 writes them without the hyphen.
  sha1: 'sha1',
  sha256: 'sha256',
  sha512: 'sha512',
}

/** The digests of Repr-Digest (RFC 9530) and of the older Digest (RFC 3230); what cannot be read is passed over. */
export function fromFields(headers: HttpFields): Digests {
  return {
    ...read(headers.get('digest'), /^\s*([a-z0-9-]+)\s*=\s*([A-Za-z0-9+/=_-]+)\s*$/i),
    ...read(headers.get('repr-digest'), /^\s*([a-z0-9-]+)\s*=\s*:([A-Za-z0-9+/=]+):/i),
  }
}

function read(field: string | null, member: RegExp): Digests {
  const found: Record<string, string> = {}
  for (const part of field?.split(',') ?? []) {
    const [, algorithm = '', value = ''] = member.exec(part) ?? []
    const name = fieldNames[algorithm.toLowerCase()]
    const hex = name === undefined ? null : base64ToHex(value)
    if (name !== undefined && hex !== null && fromHex(hex)[name] !== undefined) found[name] = hex
  }
  return found
}

/** Of a hash element's type, `sha-256`, and its text. */
export function fromMetalink(type: string, text: string): Digests {
  const name = fieldNames[type.toLowerCase()]
  const read = fromHex(text.trim())
  return name !== undefined && read[name] !== undefined ? read : {}
}

/** Of a pieces element's type and length, and the texts in it; null when they are not to be used. */
export function piecesFromMetalink(
  type: string,
  length: number | null,
  texts: readonly string[],
): PieceDigests | null {
  const name = fieldNames[type.toLowerCase()]
  if (name === undefined || length === null || length < 1) return null
  const digests = texts.flatMap((text) => fromMetalink(type, text)[name] ?? [])
  return digests.length === 0 || digests.length < texts.length ? null : { name, length, digests }
}

/** The first algorithm about which the two say different things; null when they agree. */
export function conflictOf(one: Digests, other: Digests): DigestName | null {
  for (const [name] of lengths) {
    const [a, b] = [one[name], other[name]]
    if (a !== undefined && b !== undefined && a !== b) return name
  }
  return null
}

function base64ToHex(text: string): string | null {
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    let hex = ''
    for (let at = 0; at < bytes.length; at += 1) hex += hexOfByte[bytes.charCodeAt(at)]
    return hex
  } catch {
    return null
  }
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
