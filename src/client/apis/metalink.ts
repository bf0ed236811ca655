import { ClientError } from '../client-error.ts'
import { type Digests, fromMetalink, type PieceDigests, piecesFromMetalink } from '../digests.ts'
import { fileId } from '../file-id.ts'
import { asSize } from '../json.ts'
import { lastSegment } from '../last-segment.ts'
import { listedMirrors, listedUrl } from '../listed-url.ts'
import type { RemoteFile } from '../remote-file.ts'
import { shownUrl } from '../shown-url.ts'

/**
 * Reads Metalink 4 (RFC 5854) and 3. Of a file's addresses the one that the metalink prefers is
 * taken, and the others are its mirrors, in the order of preference; entries without a web address are refused, because they could not be fetched.
 * @throws ClientError `bad_answer`
 */
export function parseMetalink(text: string, base: string): RemoteFile[] {
  if (!/<metalink[\s>]/.test(text)) {
    throw new ClientError('bad_answer', `${shownUrl(base)} is no Metalink.`)
  }
  const files = [...text.matchAll(/<file\s[^>]*?>([\s\S]*?)<\/file>/g)]
  return files.map(([whole, inner = '']) => {
    const name = attributeOf(whole, 'name')
    const [link, ...others] = urlsOf(inner)
    if (link === undefined) {
      throw new ClientError('bad_answer', `The Metalink gives no web address for "${name}".`)
    }
    const url = listedUrl(link, base)
    const parts = (name ?? '').split('/')
    const pieces = piecesOf(inner)
    return {
      id: fileId(url),
      name: parts.at(-1) || lastSegment(url),
      folders: parts.slice(0, -1),
      size: asSize(elementOf(inner, 'size')),
      mediaType: elementOf(inner, 'mimetype'),
      digests: digestsOf(inner),
      ...(pieces === null ? {} : { pieces }),
      ...listedMirrors(others, base),
      isFixed: false,
      locate: async () => ({ url, authorize: true, renewable: false }),
    }
  })
}

function piecesOf(inner: string): PieceDigests | null {
  const [element] = /<pieces\s[\s\S]*?<\/pieces>/.exec(inner) ?? []
  if (element === undefined) return null
  const texts = [...element.matchAll(/<hash(?:\s[^>]*)?>([^<]*)<\/hash>/g)]
  return piecesFromMetalink(
    attributeOf(element, 'type') ?? '',
    asSize(attributeOf(element, 'length')),
    texts.map(([, text = '']) => text),
  )
}

/** Pieces have hashes of their own, which are not the file's. */
function digestsOf(inner: string): Digests {
  const own = inner.replaceAll(/<pieces[\s\S]*?<\/pieces>/g, '')
  const found = [...own.matchAll(/<hash\s[^>]*?>([^<]*)<\/hash>/g)].map(([whole, text = '']) =>
    fromMetalink(attributeOf(whole, 'type') ?? '', text),
  )
  return Object.assign({}, ...found)
}

/** Version 4: the lowest `priority`; version 3: the highest `preference`. */
function urlsOf(inner: string): string[] {
  const urls = [...inner.matchAll(/<url(?:\s[^>]*)?>([^<]*)<\/url>/g)].flatMap(
    ([whole, text = '']) => {
      const url = unescapeXml(text.trim())
      if (!/^https?:/i.test(url)) return []
      const preference = Number(attributeOf(whole, 'preference') ?? 0)
      return [{ url, rank: Number(attributeOf(whole, 'priority') ?? 1_000_000 - preference) }]
    },
  )
  return urls.toSorted((one, other) => one.rank - other.rank).map(({ url }) => url)
}

function elementOf(text: string, name: string): string | null {
  const found = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(text)?.[1]
  return found === undefined ? null : unescapeXml(found.trim())
}

function attributeOf(element: string, name: string): string | null {
  const tag = element.slice(0, element.indexOf('>') + 1)
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag)
  return found === null ? null : unescapeXml(found[1] ?? found[2] ?? '')
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
}

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
