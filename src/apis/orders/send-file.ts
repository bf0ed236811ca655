import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Content } from '../../core/content.ts'
import type { Taken } from '../../core/pickups.ts'
import { contentOf, type StoredFileFacts } from '../../core/stored-files.ts'
import type { ApiContext } from '../../http/api-context.ts'
import { type SendOptions, sendContent } from '../../http/send-content.ts'

export interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

export interface SentFile {
  name: string
  bytes: StoredFileFacts
  /** What to note as picked up. */
  fileNumber: Taken['fileNumber']
  accountId: string
}

/** Sends a file and notes what went out of it. */
export async function sendFile(
  { core, pickups }: ApiContext,
  exchange: Exchange,
  { name, bytes, fileNumber, accountId }: SentFile,
): Promise<void> {
  const address = exchange.request.ip
  await sendWhole(exchange, contentOf(core, bytes), {
    fileName: name,
    disposition: 'attachment',
    onSent: (span) => pickups.note({ fileNumber, accountId, grantId: null, address, span }),
  })
}

/** Sends a content with all that HTTP knows of ranges and conditions; never rejects. */
export async function sendWhole(
  { request, reply }: Exchange,
  content: Content,
  options: SendOptions,
): Promise<void> {
  reply.hijack()
  try {
    const result = await sendContent(request.raw, reply.raw, content, options)
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
