import type { AnswerBody, BodyReader } from '../http-answer.ts'

/** A body on its way from a connection to its reader. */
export interface IncomingBody {
  /** @returns false: it is enough for now, until `resume` is called */
  push(chunk: Uint8Array): boolean
  end(): void
  fail(error: unknown): void
  readonly body: AnswerBody
}

/** The side of the connection. */
export interface BodySource {
  resume(): void
  /** Nobody wants the rest. */
  cancel(): void
  hold(chunk: Uint8Array): void
  release(chunk: Uint8Array): void
}

/** How much may wait for the reader, in bytes. */
const mostWaiting = 2 * 1024 * 1024

/** A body of which nothing has come yet. */
export function createIncomingBody(source: BodySource): IncomingBody {
  const waiting: Uint8Array[] = []
  let bytes = 0
  let state: 'open' | 'full' | 'over' = 'open'
  let failure: { error: unknown } | null = null
  let wake: (() => void) | null = null
  const ring = () => {
    wake?.()
    wake = null
  }
  const reader: BodyReader = {
    async read() {
      while (waiting.length === 0 && state !== 'over') {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const value = waiting.shift()
      if (value === undefined) {
        if (failure !== null) throw failure.error
        return { done: true }
      }
      bytes -= value.byteLength
      if (state === 'full' && bytes < mostWaiting) {
        state = 'open'
        source.resume()
      }
      return { done: false, value }
    },
    async cancel() {
      if (state !== 'over') source.cancel()
      state = 'over'
      for (const chunk of waiting.splice(0)) source.release(chunk)
      ring()
    },
    release: source.release,
  }
  return {
    push(chunk) {
      if (state === 'over') return true
      source.hold(chunk)
      waiting.push(chunk)
      bytes += chunk.byteLength
      if (bytes >= mostWaiting) state = 'full'
      ring()
      return state !== 'full'
    },
    end() {
      state = 'over'
      ring()
    },
    fail(error) {
      failure = { error }
      state = 'over'
      ring()
    },
    body: { getReader: () => reader, cancel: () => reader.cancel() },
  }
}

/** All of a body, in memory of its own. */
export async function readAll(body: AnswerBody | null): Promise<ArrayBuffer> {
  const reader = body?.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (value === undefined) break
    chunks.push(value)
    size += value.byteLength
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
    reader?.release?.(chunk)
  }
  return all.buffer
}
