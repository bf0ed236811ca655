import { createHash } from 'node:crypto'

/** Bytes that differ from place to place, the same in each run. */
export function patternBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = seed >>> 0 || 1
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** The same bytes as they come from a network: in chunks, of a buffer that is used again. */
export async function* inChunks(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(size)
  for (let start = 0; start < bytes.byteLength; start += size) {
    const part = bytes.subarray(start, start + size)
    chunk.fill(0xee)
    chunk.set(part)
    yield chunk.subarray(0, part.byteLength)
    chunk.fill(0xee)
  }
}

/** Everything that an iterable of reused chunks gives. */
export async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
