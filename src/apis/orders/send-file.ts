import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Taken } from '../../core/pickups.ts'
import { contentOf, type StoredFileFacts } from '../../core/stored-files.ts'
import type { ApiContext } from '../../http/api-context.ts'
import { sendContent } from '../../http/send-content.ts'

export interface SentFile {
  name: string
  bytes: StoredFileFacts
  /** What to note as picked up. */
  fileNumber: Taken['fileNumber']
  accountId: string
}

/** Sends a file with all that HTTP knows of ranges and conditions, and notes what went out. */
export async function sendFile(
  { core, pickups }: ApiContext,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  file: SentFile,
): Promise<void> {
  const { fileNumber, accountId } = file
  reply.hijack()
  try {
    const result = await sendContent(request.raw, reply.raw, contentOf(core, file.bytes), {
      fileName: file.name,
      disposition: 'attachment',
      onSent: (span) =>
        pickups.note({ fileNumber, accountId, grantId: null, address: request.ip, span }),
    })
    if (result.outcome === 'failed') request.log.error({ err: result.error }, 'A file broke off')
  } catch (error) {
    request.log.error({ err: error }, 'A file could not be read')
    const body = JSON.stringify({ messages: ['The file cannot be read now; try again.'] })
    reply.raw
      .writeHead(503, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
        'Cache-Control': 'no-store',
      })
      .end(body)
  }
}
