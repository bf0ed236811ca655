import { ClientError } from '../client-error.ts'
import type { ContentRange } from '../content-range.ts'
import { conflictOf, fromFields } from '../digests.ts'
import type { HttpFields } from '../http-answer.ts'
import { strongEtag } from '../strong-etag.ts'
import { contentCoding, isTakenOff } from './decoded-body.ts'
import { Setback, StartAgain } from './setback.ts'
import type { Known, Transfer } from './transfer.ts'

/**
 * Takes in what the fields of an answer say of the file, and compares it with what is known: parts of
 * two versions must never be put together, whatever became of If-Range.
 * @throws StartAgain when the file is another one than before
 * @throws Setback when it is not what the listing promised
 * @throws ClientError `unverifiable`
 */
export function learn(
  transfer: Transfer,
  headers: HttpFields,
  { origin, range }: { origin: string; range: ContentRange | null },
): void {
  const said = read(headers, origin, range)
  refuseChange(transfer.known, said)
  comparePromise(transfer, said)
  if (range === null && said.size === null) demandAnEnd(transfer, headers, origin)
  const { known } = transfer
  const isSameOrigin = known.origin === null || known.origin === origin
  transfer.known = {
    etag: isSameOrigin ? (said.etag ?? known.etag) : known.etag,
    origin: isSameOrigin ? origin : known.origin,
    size: said.size ?? known.size,
    digests: { ...known.digests, ...said.digests },
    hasRanges: known.hasRanges || said.hasRanges,
    isCoded: said.isCoded,
  }
}

function read(headers: HttpFields, origin: string, range: ContentRange | null): Known {
  const coding = contentCoding(headers)
  if (coding !== null) {
    if (range !== null || !isTakenOff(coding)) {
      const sentence = `The file comes in the coding "${coding.slice(0, 40)}", and was asked for as it is.`
      throw new Setback('bad_answer', sentence)
    }
    return { etag: null, origin, size: null, digests: {}, hasRanges: false, isCoded: true }
  }
  const length = headers.get('content-length') ?? ''
  return {
    etag: strongEtag(headers),
    origin,
    size: range === null ? (/^\d{1,15}$/.test(length) ? Number(length) : null) : range.total,
    digests: fromFields(headers),
    hasRanges: range !== null || /\bbytes\b/i.test(headers.get('accept-ranges') ?? ''),
    isCoded: false,
  }
}

function refuseChange(known: Known, said: Known): void {
  const isSameTag =
    known.etag === null || said.etag === null || known.origin !== said.origin
      ? true
      : known.etag === said.etag
  const isSameSize = known.size === null || said.size === null || known.size === said.size
  if (isSameTag && isSameSize && conflictOf(known.digests, said.digests) === null) return
  throw new StartAgain('changed', 'The file changed while it was fetched.')
}

function comparePromise({ options: { file } }: Transfer, said: Known): void {
  if (file.size !== null && said.size !== null && file.size !== said.size) {
    throw new Setback(
      'damaged',
      `The listing says ${file.size} bytes, and the server sends ${said.size}.`,
    )
  }
  const name = conflictOf(file.digests, said.digests)
  if (name === null) return
  throw new Setback(
    'damaged',
    `The listing and the server do not agree on the ${name} of the file.`,
  )
}

/**
 * A body without a length that ends with the connection (HTTP/1.0's way) ends the same when it is cut
 * off. Only a length or digest from elsewhere could tell.
 */
function demandAnEnd({ options: { file } }: Transfer, headers: HttpFields, origin: string): void {
  // HTTP/2, which `fetch` may speak over TLS, frames a body by itself, and has no such field.
  const isFramed =
    origin.startsWith('https:') && !/\bclose\b/i.test(headers.get('connection') ?? '')
  if (isFramed || headers.has('transfer-encoding') || headers.has('content-length')) return
  if (file.size !== null || Object.keys(file.digests).length > 0) return
  if (Object.keys(fromFields(headers)).length > 0) return
  throw new ClientError(
    'unverifiable',
    'The server tells neither the length of the file nor where it ends: nobody can say whether it came whole. Get it by a manifest that has its size or sha-256.',
  )
}
