import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import type { AnswerBody, BodyReader } from '../http-answer.ts'

/** Takes a content coding off (RFC 9110 §8.4.1), as `fetch` does; one that is not known stays. */
export function decodeBody(body: AnswerBody, coding: string): AnswerBody {
  const decoder = decoderOf(coding.trim().toLowerCase())
  if (decoder === null) return body
  const source = Readable.from(chunksOf(body), { objectMode: true })
  // Who reads learns of an error by reading.
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

function decoderOf(coding: string): Transform | null {
  if (/^(?:x-)?gzip$|^deflate$/.test(coding)) return createUnzip()
  return coding === 'br' ? createBrotliDecompress() : null
}

async function* chunksOf(body: AnswerBody): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done || value === undefined) return
    yield value
  }
}
