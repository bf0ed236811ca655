import { isIP } from 'node:net'
import { parseS3Address, type S3Address } from '../s3-address.ts'

/** How the text of a setting becomes a value. */
export interface SettingKind<T> {
  /** What is wanted, as it stands after "expected ". */
  readonly expects: string
  /** A secret's text is never shown, not even when it is malformed. */
  readonly secret: boolean
  /** `undefined` when the text is malformed. */
  parse(text: string): T | undefined
  /** The text as it may be shown to the operator. */
  show(text: string): string
}

/** A key that nodes share: the first of a list makes new signatures, the others still verify. */
export class NamedKey {
  /** Travels with what the key has signed or wrapped, 1 to 32 of `[A-Za-z0-9_-]`. */
  readonly id: string
  // Private, so that neither a log line nor JSON can print it by accident.
  readonly #secret: Uint8Array

  constructor(id: string, secret: Uint8Array) {
    this.id = id
    this.#secret = secret
  }

  /** 32 to 64 bytes. */
  get secret(): Uint8Array {
    return this.#secret
  }
}

/** A secret that others gave us. */
export class SecretText {
  // Private, so that neither a log line nor JSON can print it by accident.
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get text(): string {
    return this.#text
  }
}

export type DatabaseUrl =
  /** `path` is a file, or `:memory:`. */
  | { readonly engine: 'sqlite'; readonly path: string }
  | { readonly engine: 'postgres'; readonly url: string }

export type StorageUrl =
  | { readonly engine: 'file'; readonly path: string }
  | { readonly engine: 's3'; readonly url: string; readonly address: S3Address }

/** What to listen on; whether it exists is seen when it is tried. */
export const host = kind('an IP address or a host name', (value) =>
  /^[A-Za-z0-9.:_%-]{1,255}$/.test(value) ? value : undefined,
)

/** A file or folder; whether it exists is seen when it is used. */
export const path = kind('a path', (value) => (value.includes('\0') ? undefined : value))

/** A whole number within bounds, both included. */
export function integer(unit: string, least: number, most: number): SettingKind<number> {
  return kind(`${unit} from ${least} to ${most}`, (value) => {
    if (!/^\d{1,15}$/.test(value)) return undefined
    const number = Number(value)
    return number >= least && number <= most ? number : undefined
  })
}

/** One of some words, spelled exactly so. */
export function oneOf<const T extends string>(...words: readonly T[]): SettingKind<T> {
  return kind(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value))
}

/** An offset from UTC, in minutes: `+02:00` is 120. */
export const utcOffset = kind('an offset from UTC from -14:00 to +14:00, like +02:00', (value) => {
  const match = /^([+-])(\d\d):([0-5]\d)$/.exec(value)
  if (match === null) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  if (minutes > 14 * 60) return undefined
  return match[1] === '-' && minutes > 0 ? -minutes : minutes
})

/** Where a server is reached from outside, without a trailing slash. */
export const origin = kind(
  'an http:// or https:// URL without a path, like https://files.example',
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : null
    if (url === null || !/^https?:$/.test(url.protocol)) return undefined
    const bare = `${url.protocol}//${url.host}/`
    return url.href === bare && !/[?#]/.test(value) ? url.origin : undefined
  },
)

/** Addresses and networks: `10.0.0.0/8,::1`. */
export const addresses = kind<readonly string[]>(
  'IP addresses or networks joined by commas, like 10.0.0.0/8,::1',
  (value) => {
    const parts = splitList(value)
    return parts.every(isNetwork) ? parts : undefined
  },
)

/** Where the database is; shown without its password. */
export const databaseUrl: SettingKind<DatabaseUrl> = {
  ...kind('sqlite:<file> or postgres://…', parseDatabaseUrl),
  show: hidePassword,
}

/** Where the bytes are; shown without secrets. */
export const storageUrl: SettingKind<StorageUrl> = {
  ...kind('file:<folder> or s3://<bucket>/<prefix>?endpoint=…&region=…', parseStorageUrl),
  show: hidePassword,
}

/** A text that is never shown. */
export const secretText: SettingKind<SecretText> = {
  expects: 'a secret',
  secret: true,
  parse: (text) => new SecretText(text),
  show: () => '(hidden)',
}

/** Any text. */
export const plainText = kind('a text', (value) => value)

/** Who signs tokens for us; over plain HTTP only on this machine, for trying things. */
export const issuerUrl = kind('an https:// URL', (value) => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || /[?#]/.test(value)) return undefined
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal) ? value : undefined
})

/** `id:base64url,…`; no two alike. */
export const keys: SettingKind<readonly NamedKey[]> = {
  expects:
    'id:secret pairs joined by commas, each secret 32 to 64 bytes in base64url and each id used once',
  secret: true,
  parse: parseKeys,
  show: () => '(hidden)',
}

function kind<T>(expects: string, parse: (value: string) => T | undefined): SettingKind<T> {
  return { expects, secret: false, parse, show: (value) => value }
}

function splitList(value: string): string[] {
  return value === '' ? [] : value.split(',').map((part) => part.trim())
}

/** Is it an IP address, or a network like `10.0.0.0/8`? */
export function isNetwork(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  if (bits === undefined) return true
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

function parseDatabaseUrl(value: string): DatabaseUrl | undefined {
  const file = /^sqlite:([^\0]+)$/.exec(value)?.[1]
  if (file !== undefined) return { engine: 'sqlite', path: file }
  return /^postgres(ql)?:\/\//.test(value) && URL.canParse(value)
    ? { engine: 'postgres', url: value }
    : undefined
}

function parseStorageUrl(value: string): StorageUrl | undefined {
  const folder = /^file:([^\0]+)$/.exec(value)?.[1]
  if (folder !== undefined) return { engine: 'file', path: folder.replace(/^\/\/(?=\/)/, '') }
  const address = parseS3Address(value)
  return address === undefined ? undefined : { engine: 's3', url: value, address }
}

/** Also of a URL that cannot be parsed, because that one is shown in the refusal. */
function hidePassword(value: string): string {
  return value
    .replace(/^([a-z0-9+]*:?\/\/)?([^:@]*):(.*)@/, '$1$2:(hidden)@')
    .replace(/([?&][^=&]*(?:secret|password|token)[^=&]*=)[^&]*/gi, '$1(hidden)')
}

function parseKeys(value: string): readonly NamedKey[] | undefined {
  const named: NamedKey[] = []
  for (const part of splitList(value)) {
    const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]+)={0,2}$/.exec(part)
    const bytes = Buffer.from(match?.[2] ?? '', 'base64url')
    const id = match?.[1]
    if (id === undefined || bytes.length < 32 || bytes.length > 64) return undefined
    if (named.some((other) => other.id === id)) return undefined
    named.push(new NamedKey(id, bytes))
  }
  return named
}
