import type { FileOfOrder } from '../../core/orders/order-files.ts'
import type { OrdersProfile } from './wire.ts'

/** The media type of Metalink 3. */
export const metalinkType = 'application/metalink+xml'

/** A file of a Metalink with what is known of its bytes. */
export interface MetalinkFile extends FileOfOrder {
  /** Lower-case hex; null when the bytes are gone. */
  sha256: string | null
}

/**
 * A Metalink of version 3, written as its files are read. The live system gives neither hashes nor
 * the type of the URLs, without which aria2 takes none; the documented profile has both, and gives
 * each file a name of its own, because a download tool would write the second over the first.
 */
export async function* formatMetalink(
  files: AsyncIterable<MetalinkFile>,
  { profile, urlOf }: { profile: OrdersProfile; urlOf(file: FileOfOrder): string },
): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
  yield '<metalink xmlns="http://www.metalinker.org/" version="3.0">\n<files>\n'
  const isDocumented = profile === 'documented'
  const unique = createUniqueNames()
  for await (const file of files) {
    const name = isDocumented ? unique(file.name) : file.name
    const type = isDocumented ? ' type="http"' : ''
    yield `<file name="${escapeXml(name)}"><identity>${escapeXml(file.name)}</identity><size>${file.size}</size><mimetype>${escapeXml(file.media_type)}</mimetype>${isDocumented ? formatHashes(file) : ''}<resources><url${type}>${escapeXml(urlOf(file))}</url></resources></file>\n`
  }
  yield '</files>\n</metalink>\n'
}

function formatHashes({ md5, sha256 }: MetalinkFile): string {
  const strong = sha256 === null ? '' : `<hash type="sha256">${sha256}</hash>`
  return `<verification><hash type="md5">${md5}</hash>${strong}</verification>`
}

/** `a.txt`, then `a (1).txt`, as in the live system's archives. */
function createUniqueNames(): (name: string) => string {
  const taken = new Set<string>()
  const counts = new Map<string, number>()
  return (name) => {
    let count = counts.get(name) ?? 0
    let candidate = count === 0 ? name : withNumber(name, count)
    while (taken.has(candidate)) {
      count += 1
      candidate = withNumber(name, count)
    }
    counts.set(name, count)
    taken.add(candidate)
    return candidate
  }
}

function withNumber(name: string, count: number): string {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? `${name} (${count})` : `${name.slice(0, dot)} (${count})${name.slice(dot)}`
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/[&<>"]/g, (character) => entities[character] ?? '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no way to write them
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '_')
  )
}
