import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import type { AnswerBody, BodyReader, HttpFields } from '../http-answer.ts'

/**
 * In which content coding an answer comes (RFC 9110 §8.4), in lower case; null: as the file is. Stores
 * repeat the `aws-chunked` of an upload, of which nothing is left in what they send.
 */
export function contentCoding(headers: HttpFields): string | null {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return ['', 'identity', 'aws-chunked'].includes(coding) ? null : coding
}

/**
 * Whether the body is read without this coding, here and by `fetch`. Of several, each runtime takes
 * off others; Deno leaves all where a request has an Accept-Encoding of its own.
 */
export function isTakenOff(coding: string): boolean {
  return decoders.has(coding) && !('deno' in process.versions)
}

/** Takes a content coding off (RFC 9110 §8.4.1), as `fetch` does; one that is not known stays. */
export function decodeBody(body: AnswerBody, coding: string): AnswerBody {
  const decoder = decoders.get(coding.trim().toLowerCase())?.()
  if (decoder === undefined) return body
  const source = Readable.from(chunksOf(body), { objectMode: true })
  // Who reads learns of an error by reading, though it came before; unheard, it would end the process.
  for (const stream of [source, decoder]) stream.on('error', () => {})
  pipeline(source, decoder, () => {})
  const chunks: AsyncIterator<Uint8Array, undefined> = decoder[Symbol.asyncIterator]()
  const reader: BodyReader = {
    read: async () => {
      const { done, value } = await chunks.next()
      return { done: done === true, value }
    },
    async cancel() {
      source.destroy()
      decoder.destroy()
      await body.cancel()
    },
  }
  return { getReader: () => reader, cancel: () => reader.cancel() }
}

const decoders = new Map<string, () => Transform>([
  ['gzip', createUnzip],
  ['x-gzip', createUnzip],
  ['deflate', createUnzip],
  ['br', createBrotliDecompress],
])

async function* chunksOf(body: AnswerBody): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done || value === undefined) return
    yield value
  }
}
