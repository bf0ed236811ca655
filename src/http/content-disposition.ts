import { remember } from './remember.ts'

/** Bytes of UTF-8 that every file system takes as one name. */
const maximumBytes = 255

/**
 * A Content-Disposition field for a name that anybody may have chosen (RFC 6266). The plain form
 * comes first and is ASCII without `%`, `\` and quotes, which clients read differently (RFC 6266
 * appendix D); `filename*` follows when it says more (RFC 8187).
 */
export function contentDisposition(name: string, type: 'attachment' | 'inline'): string {
  return `${type}; ${fileNameParameters(name)}`
}

const fileNameParameters = remember((name: string) => {
  const safe = safeFileName(name)
  const plain = toPlainAscii(safe)
  const parameter = `filename="${plain}"`
  return plain === safe ? parameter : `${parameter}; filename*=UTF-8''${percentEncode(safe)}`
})

/**
 * The name without what could harm: control characters, path separators, marks that turn the
 * direction of writing (`exe.gpj` shown as `jpg.exe`), dots and spaces at its end; at most 255 bytes
 * of UTF-8, its extension kept. `download` when nothing is left.
 */
export function safeFileName(name: string): string {
  const cleaned = name
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go.
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '')
    .replace(/[/\\]/g, '_')
    .trim()
    .replace(/[. ]+$/, '')
  return cleaned === '' ? 'download' : shorten(cleaned)
}

/** Cuts between characters, never inside one. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= maximumBytes) return name
  const extension = /\.[^. ]{1,16}$/.exec(name)?.[0] ?? ''
  let room = maximumBytes - Buffer.byteLength(extension)
  let stem = ''
  for (const character of name.slice(0, name.length - extension.length)) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    stem += character
  }
  return stem.trimEnd() + extension
}

/** A name of nothing but accents becomes `_`. */
function toPlainAscii(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '_')
    .replace(/["%\\/]/g, '_')
  return plain === '' ? '_' : plain
}

/** RFC 8187 §3.2.1: everything but attr-char is percent-encoded. */
function percentEncode(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
