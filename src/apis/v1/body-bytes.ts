import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ExpectedBytes } from '../../core/expected-bytes.ts'
import { linger } from '../../http/linger.ts'
import { receivedDigests } from '../../http/received-digests.ts'

/** What a sender may say of the bytes in a body. */
export const BytesHeaders = Type.Object({
  'repr-digest': Type.Optional(
    Type.String({
      description:
        'RFC 9530, with sha-256, sha-512 or md5. When it does not hold, nothing is kept.',
    }),
  ),
  'content-digest': Type.Optional(Type.String()),
})

/** The schema of a body that is a file of any size and media type. */
export const bytesBody = {
  content: {
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  },
} as const

/** A request without a body has no stream among its parsed parts; its own is at its end. */
export async function* bodyOf(request: FastifyRequest): AsyncGenerator<Uint8Array> {
  const stream = (request.body as Readable | undefined) ?? request.raw
  try {
    // Destroyed when they are refused halfway, the bytes would take the answer with them.
    yield* stream.iterator({ destroyOnReturn: false })
  } finally {
    linger(request.raw)
  }
}

/** What the request says of its body. */
export function expectedOf({ headers }: FastifyRequest): ExpectedBytes {
  const length = headers['content-length']
  return {
    digests: receivedDigests(headers),
    ...(length === undefined ? {} : { size: Number(length) }),
  }
}
