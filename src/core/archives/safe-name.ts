/** Room for ` (999999)` below the 255 bytes that a name may have on most file systems. */
const MAX_NAME_BYTES = 240
/** Below the 1,024 bytes of a path on macOS. */
const MAX_PATH_BYTES = 960
const MAX_EXTENSION_BYTES = 32

/** Names that are as they should be already, which nearly all are: no more is looked at. */
const plain = /^[A-Za-z0-9_-](?:[A-Za-z0-9 _.()+,=@-]{0,150}[A-Za-z0-9_)-])?$/
/** Windows keeps these for devices, with any extension, also with spaces before it. */
const reserved = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³]) *(?:\.|$)/i
/** Control characters, what Windows refuses, and what turns the direction of writing, so that `txt.exe` reads `exe.txt`. */
const refused = /[\p{Cc}<>:"|?*\\/\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/**
 * A name that unpacks inside its folder on every system: never absolute, no `..`, no backslash, no
 * drive letter, no device of Windows, no dot or space at the end, no control character, not too long.
 * @param folders may `/` separate folders, or is it one more character to replace?
 */
export function safeName(name: string, { folders }: { folders: boolean }): string {
  if (!folders || !name.includes('/')) return safeSegment(name)
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  const safe = segments.map(safeSegment)
  // The file's own name says most: folders are left out from the outside.
  while (safe.length > 1 && Buffer.byteLength(safe.join('/')) > MAX_PATH_BYTES) safe.shift()
  return safe.length === 0 ? '_' : safe.join('/')
}

function safeSegment(name: string): string {
  if (plain.test(name) && !reserved.test(name)) return name
  const clean = name
    .toWellFormed()
    .normalize('NFC')
    .replace(refused, '_')
    .replace(/^\s+|[.\s]+$/gu, '')
    .replace(/^\.{2,}/, '_')
  const short = shorten(clean)
  if (short === '') return '_'
  return reserved.test(short) ? `_${short}` : short
}

/** Cuts the middle out: the extension stays. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const { stem, extension } = splitExtension(name)
  return cut(stem, MAX_NAME_BYTES - Buffer.byteLength(extension)) + extension
}

/** At most so many bytes of UTF-8, ended between two characters, not by a space or dot. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes))
  return text.slice(0, read).replace(/[.\s]+$/u, '')
}

/** `report.tar.gz` → `report`, `.tar.gz`; a name that begins with its only dot has no extension. */
export function splitExtension(name: string): { stem: string; extension: string } {
  const match = /^(.+?)((?:\.tar)?\.[^./ ]+)$/s.exec(name)
  const [, stem, extension] = match ?? []
  if (stem === undefined || extension === undefined || stem.endsWith('/')) {
    return { stem: name, extension: '' }
  }
  if (Buffer.byteLength(extension) > MAX_EXTENSION_BYTES) return { stem: name, extension: '' }
  return { stem, extension }
}
