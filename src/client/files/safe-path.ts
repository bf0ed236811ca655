/** Names that Windows gives to devices, with any extension. */
const devices = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i

/** File systems take 255 bytes; `.part.json` and ` (99999)` must fit behind. */
const longest = 230

/**
 * A name from a server as a path below the target folder: parts joined by `/`, none of which leaves
 * the folder, hides, names a device or one of our own files. Never empty.
 */
export function safePath(folders: readonly string[], name: string): string {
  const parts = [...folders, name].flatMap((text) => text.split(/[/\\]/))
  const safe = parts
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .filter((part, index) => index > 0 || parts.length === 1 || !/^[A-Za-z]:$/.test(part))
    .map(safeName)
  return safe.length === 0 ? 'file' : safe.join('/')
}

/** One part of a path. */
function safeName(text: string): string {
  const plain = text
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .replaceAll(/[<>:"/\\|?*]/g, '_')
    // Windows drops them, and `a.` would be `a`.
    .replace(/[. ]+$/, '')
    .replace(/^\s+/, '')
  const cut = shorten(plain)
  // A file of the server must not become a setting of the shell, or a record of ours.
  if (cut.startsWith('.')) return `_${cut}`
  if (devices.test(cut) || cut === '') return `_${cut}`
  return /\.part(?:\.json)?$/i.test(cut) ? `${cut}_` : cut
}

/** Keeps the extension. */
function shorten(name: string): string {
  const encoder = new TextEncoder()
  const size = (text: string) => encoder.encode(text).length
  if (size(name) <= longest) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && size(name.slice(dot)) <= 20 ? name.slice(dot) : ''
  let stem = [...name.slice(0, name.length - extension.length)]
  while (size(stem.join('')) > longest - size(extension)) {
    stem = stem.slice(0, Math.min(stem.length - 1, Math.floor(stem.length * 0.95)))
  }
  return stem.join('').replace(/[. ]+$/, '') + extension
}

/** What two names must differ in to lie side by side on every file system. */
export function foldName(path: string): string {
  return path.normalize('NFC').toLowerCase()
}
