import type { Multipart, MultipartFile } from '@fastify/multipart'
import type { FastifyError, FastifyRequest } from 'fastify'
import { DeliveryError } from '../core/errors.ts'

/**
 * The parts of a multipart form, in the order in which they come.
 * @throws DeliveryError `malformed`; `invalid` when they are more than the route takes
 */
export async function* formParts(request: FastifyRequest): AsyncGenerator<Multipart> {
  const parts = request.parts()[Symbol.asyncIterator]()
  for (;;) {
    const next = await parts.next().catch(unreadable)
    if (next.done) return
    yield next.value
  }
}

/** The bytes of a part that is a file. @throws DeliveryError `malformed` when the form ends early */
export async function* partBytes(
  { file }: MultipartFile,
  { raw }: FastifyRequest,
): AsyncGenerator<Uint8Array> {
  // A client that goes away leaves the form's parser waiting for ever, and the file's reader with it.
  const end = (): void => {
    if (!raw.complete) file.destroy(new Error('The client went away.'))
  }
  raw.once('close', end)
  try {
    const chunks = file[Symbol.asyncIterator]()
    for (;;) {
      const next = await chunks.next().catch(unreadable)
      if (next.done) return
      yield next.value
    }
  } finally {
    // A form may have a thousand files.
    raw.off('close', end)
  }
}

function unreadable(cause: unknown): never {
  if (/^FST_(?:FILES|FIELDS|PARTS)_LIMIT$/.test(String((cause as FastifyError).code))) {
    throw new DeliveryError('invalid', 'The form has more files or fields than it may.', { cause })
  }
  throw new DeliveryError('malformed', 'The form ended early or cannot be read.', { cause })
}
