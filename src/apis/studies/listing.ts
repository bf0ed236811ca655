import type { FastifyReply, FastifyRequest } from 'fastify'
import type { StudyListing } from '../../core/studies/study-listing.ts'
import { ResponseWriter } from '../../http/response-writer.ts'
import { type ListingFrame, toFileEntry } from './wire.ts'

/**
 * Sends a listing as one JSON array, a page at a time: the next page is read when the network has
 * taken the one before, so that a million files need the memory of one page, and a client that
 * leaves ends the reading.
 */
export async function sendListing(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  listing: StudyListing,
  frame: ListingFrame,
): Promise<void> {
  const pages = listing.pages()
  // What can be refused is refused before the head goes out.
  let page = request.method === 'HEAD' ? undefined : await pages.next()
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'private, no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  if (page === undefined) {
    raw.end()
    return
  }
  const writer = new ResponseWriter(request.raw, raw, () => {})
  try {
    for (let before = '['; ; before = ',') {
      if (page.done) {
        await writer.end(before === '[' ? '[]' : ']')
        return
      }
      const entries = page.value.map((file) => JSON.stringify(toFileEntry(frame, file)))
      if (!(await writer.write(Buffer.from(before + entries.join(','))))) return
      page = await pages.next()
    }
  } catch (error) {
    // Half of an array must not look like the whole.
    request.log.error({ err: error }, 'A listing broke off')
    writer.destroy()
  } finally {
    writer.release()
    await pages.return(undefined)
  }
}
