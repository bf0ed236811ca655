import type { MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { DeliveryError } from '../../core/errors.ts'
import { importTooLarge } from '../../core/imports/imports.ts'
import { formParts, partBytes } from '../../http/form-parts.ts'
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
  for await (const part of formParts(request)) {
    if (part.type !== 'file') continue
    if (taken !== null || part.fieldname !== 'file') {
      part.file.resume()
      continue
    }
    const name = fromFileName(part.filename)
    taken = { result: await take({ name, source: bytesOf(part, request, maxBytes) }) }
  }
  if (taken === null) {
    throw new DeliveryError('malformed', 'The form has no field named "file" that holds a file.')
  }
  return taken.result
}

async function* bytesOf(
  part: MultipartFile,
  request: FastifyRequest,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  yield* partBytes(part, request)
  if (part.file.truncated) throw importTooLarge(maxBytes)
}
