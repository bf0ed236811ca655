import type { ManifestFile } from '../../core/manifests/manifest-files.ts'
import type { PieceHashes, TakingPieces } from '../../core/manifests/piece-hashes.ts'
import { escapeXml } from '../../http/escape-xml.ts'

/** What a manifest is written from. */
export interface ManifestText {
  readonly name: string
  readonly createdAt: Date
  readonly expiresAt: Date
  files(): AsyncIterable<ManifestFile>
  /** An address that leads to the bytes as long as the manifest is good. */
  urlOf(file: ManifestFile): string
  piecesOf(file: ManifestFile, taking: TakingPieces): Promise<PieceHashes | null>
}

type Writer = (text: ManifestText) => AsyncGenerator<string>

/** The documents of a manifest, by the last segment of their addresses. */
export const manifestDocuments = {
  'manifest.json': { type: 'application/json; charset=utf-8', write: writeJson },
  'manifest.meta4': { type: 'application/metalink4+xml', write: writeMetalink },
  'aria2.txt': { type: 'text/plain; charset=utf-8', write: writeAria2 },
  'wget.txt': { type: 'text/plain; charset=utf-8', write: writeWget },
  'curl.txt': { type: 'text/plain; charset=utf-8', write: writeCurl },
} as const satisfies Record<string, { type: string; write: Writer }>

export type ManifestDocument = keyof typeof manifestDocuments

/** What `claimcheck get` reads, and any program that knows JSON. */
async function* writeJson(text: ManifestText): AsyncGenerator<string> {
  const { name, createdAt, expiresAt } = text
  yield `{"name":${JSON.stringify(name)},"createdAt":"${createdAt.toISOString()}","expiresAt":"${expiresAt.toISOString()}","files":[`
  let between = '\n'
  for await (const file of text.files()) {
    const { size, md5, sha256 } = file.stored
    const { number, mediaType } = file
    const entry = { number, name: file.name, size, mediaType, md5, sha256, url: text.urlOf(file) }
    yield between + JSON.stringify(entry)
    between = ',\n'
  }
  yield '\n]}\n'
}

/** Metalink 4 (RFC 5854). */
async function* writeMetalink(text: ManifestText): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<metalink xmlns="urn:ietf:params:xml:ns:metalink">\n'
  yield `<published>${text.createdAt.toISOString()}</published>\n`
  for await (const file of text.files()) {
    const { size, sha256 } = file.stored
    yield `<file name="${escapeXml(file.name)}"><size>${size}</size><hash type="sha-256">${sha256}</hash>`
    yield* writePieces(text, file)
    yield `<url>${escapeXml(text.urlOf(file))}</url></file>\n`
  }
  yield '</metalink>\n'
}

/** While the pieces of a large file are taken for the first time, a space now and then keeps the connection. */
async function* writePieces(text: ManifestText, file: ManifestFile): AsyncGenerator<string> {
  const stop = new AbortController()
  let read = (): void => {}
  const taking = text.piecesOf(file, { onRead: () => read(), signal: stop.signal })
  let pieces: PieceHashes | null | undefined
  try {
    while (pieces === undefined) {
      const progress = new Promise<undefined>((resolve) => {
        read = () => resolve(undefined)
      })
      pieces = await Promise.race([taking, progress])
      if (pieces === undefined) yield ' '
    }
  } finally {
    // A reader that leaves ends the taking; nobody waits for it then.
    stop.abort()
    taking.catch(() => {})
  }
  if (pieces === null) return
  yield `<pieces length="${pieces.length}" type="sha-256">`
  for (const hash of pieces.hashes) yield `<hash>${hash}</hash>`
  yield '</pieces>'
}

/** For `aria2c -i`. */
async function* writeAria2(text: ManifestText): AsyncGenerator<string> {
  for await (const file of text.files()) {
    yield `${text.urlOf(file)}\n  out=${file.name}\n  checksum=sha-256=${file.stored.sha256}\n`
  }
}

/** For `wget -i`. */
async function* writeWget(text: ManifestText): AsyncGenerator<string> {
  for await (const file of text.files()) yield `${text.urlOf(file)}\n`
}

/** For `curl -K`. */
async function* writeCurl(text: ManifestText): AsyncGenerator<string> {
  yield 'location\nfail\ncreate-dirs\n'
  for await (const file of text.files()) {
    yield `url = ${quoted(text.urlOf(file))}\noutput = ${quoted(file.name)}\n`
  }
}

/** Names here are safe ones: without control characters. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
