import type { AnswerHead } from './answer-head.ts'

/**
 * Finds a body in the bytes of a connection.
 * @param bytes what came
 * @param emit gets what of it belongs to the body
 * @returns what came after the end of the body; null while it has not ended
 * @throws Error when the framing is broken
 */
export type Unframe = (bytes: Buffer, emit: (chunk: Buffer) => void) => Buffer | null

/** What takes the framing off an answer's body, as its head announces it (RFC 9112 §6.3). */
export function createUnframe({ framing, length }: AnswerHead): Unframe {
  if (framing === 'chunked') return unframeChunks()
  if (framing !== 'close') return unframeLength(length)
  return (bytes, emit) => {
    if (bytes.length > 0) emit(bytes)
    return null
  }
}

function unframeLength(length: number): Unframe {
  let left = length
  return (bytes, emit) => {
    const chunk = bytes.subarray(0, left)
    left -= chunk.length
    if (chunk.length > 0) emit(chunk)
    return left > 0 ? null : bytes.subarray(chunk.length)
  }
}

/** Of a size with its extensions, or a trailer field; what is longer is an attack. */
const longestLine = 16_384

/** RFC 9112 §7.1; extensions and trailers are passed over. */
function unframeChunks(): Unframe {
  let state: 'size' | 'bytes' | 'end of bytes' | 'trailers' = 'size'
  let line = ''
  let left = 0

  /** true: it was the last one. */
  function take(text: string): boolean {
    if (state === 'trailers') return text === ''
    if (state === 'end of bytes') {
      if (text !== '') throw new Error('A chunk is longer than it says')
      state = 'size'
      return false
    }
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(text)?.[1]
    if (size === undefined) throw new Error('A chunk does not say its size')
    left = Number.parseInt(size, 16)
    state = left === 0 ? 'trailers' : 'bytes'
    return false
  }

  return (bytes, emit) => {
    for (let at = 0; at < bytes.length; ) {
      if (state === 'bytes') {
        const chunk = bytes.subarray(at, at + left)
        at += chunk.length
        left -= chunk.length
        if (left === 0) state = 'end of bytes'
        emit(chunk)
        continue
      }
      const end = bytes.indexOf(10, at)
      line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
      if (line.length > longestLine) throw new Error('A line between chunks is too long')
      if (end === -1) return null
      at = end + 1
      if (!line.endsWith('\r')) throw new Error('A line between chunks does not end as it should')
      const text = line.slice(0, -1)
      line = ''
      if (take(text)) return bytes.subarray(at)
    }
    return null
  }
}
