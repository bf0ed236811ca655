import type { Multipart, MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import { importTooLarge } from '../../core/imports/imports.ts'
import { fromFileName } from './wire.ts'

/** What the parts beside the file may be. */
export const partLimits = { fields: 20, fieldSize: 10_000, files: 20, parts: 40, headerPairs: 50 }

/** The form's boundaries and other fields, beyond the file itself. */
const overhead = 65_536

export interface UploadedFile {
  name: string
  source: AsyncIterable<Uint8Array>
}

/**
 * Gives the multipart field `file` to `take` while it comes in, and passes over everything else.
 * @throws DeliveryError `unsupported_media_type`, `malformed` without such a field, `too_large`
 */
export async function takeUpload<T>(
  request: FastifyRequest,
  maxBytes: number,
  take: (file: UploadedFile) => Promise<T>,
): Promise<T> {
  if (!request.isMultipart()) {
    throw new DeliveryError(
      'unsupported_media_type',
      'Send the file as multipart/form-data, in a field named "file".',
    )
  }
  if (Number(request.headers['content-length']) > maxBytes + overhead)
    throw importTooLarge(maxBytes)
  let taken: { result: T } | null = null
  for await (const part of partsOf(request)) {
    if (part.type !== 'file') continue
    if (taken !== null || part.fieldname !== 'file') {
      part.file.resume()
      continue
    }
    const name = fromFileName(part.filename)
    endWithRequest(part, request)
    taken = { result: await take({ name, source: bytesOf(part, maxBytes) }) }
  }
  if (taken === null) {
    throw new DeliveryError('malformed', 'The form has no field named "file" that holds a file.')
  }
  return taken.result
}

async function* partsOf(request: FastifyRequest): AsyncGenerator<Multipart> {
  const parts = request.parts()[Symbol.asyncIterator]()
  for (;;) {
    const next = await parts.next().catch(unreadable)
    if (next.done) return
    yield next.value
  }
}

/** A client that goes away leaves the form's parser waiting for ever, and the file's reader with it. */
function endWithRequest({ file }: MultipartFile, { raw }: FastifyRequest): void {
  raw.once('close', () => {
    if (!raw.complete) file.destroy(new Error('The client went away.'))
  })
}

async function* bytesOf(part: MultipartFile, maxBytes: number): AsyncGenerator<Uint8Array> {
  const chunks = part.file[Symbol.asyncIterator]()
  for (;;) {
    const next = await chunks.next().catch(unreadable)
    if (next.done) break
    yield next.value
  }
  if (part.file.truncated) throw importTooLarge(maxBytes)
}

function unreadable(cause: unknown): never {
  throw new DeliveryError('malformed', 'The form ended early or cannot be read.', { cause })
}
